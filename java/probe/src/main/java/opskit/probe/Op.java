package opskit.probe;

/** One operation of one path. Instants are System.nanoTime() values, on Linux those of CLOCK_MONOTONIC. */
final class Op {
    private static final int LONGEST_ERROR = 160;
    private static final String PACKAGE_OF_A_CLASS = "(\\w+\\.)+(?=[A-Z]\\w*Exception)";

    final Path path;
    final int seq;
    final long startNanos;
    final long wallNanos;
    /** Number of the message that it sends, below 0 where there is none. */
    volatile int message = -1;
    /** The nameserver that a fresh client met first. */
    volatile String via = "";
    private long endNanos;
    private Outcome outcome;
    private String error = "";

    Op(Path path, int seq, long startNanos, long wallNanos) {
        this.path = path;
        this.seq = seq;
        this.startNanos = startNanos;
        this.wallNanos = wallNanos;
    }

    /** Ends it now; the first end counts, a later one says nothing. */
    void end(Outcome how, String why) {
        path.end(this, how, why);
    }

    void ok() {
        end(Outcome.OK, "");
    }

    void fail(Outcome how, Throwable why) {
        end(how, describe(why));
    }

    /** For the path alone: fixes how it ended. */
    void seal(long now, Outcome how, String why) {
        endNanos = now;
        outcome = how;
        error = why;
    }

    /** A record of opskit/history/1. */
    void writeTo(StringBuilder line) {
        line.append(path.recordHead()).append(seq)
            .append(",\"start_ns\":").append(startNanos)
            .append(",\"end_ns\":").append(endNanos)
            .append(",\"wall_ns\":").append(wallNanos)
            .append(",\"outcome\":\"").append(outcome.word()).append('"');
        if (!error.isEmpty()) {
            line.append(",\"error\":").append(Json.of(error));
        }
        if (message >= 0) {
            line.append(",\"message\":").append(message);
        }
        if (!via.isEmpty()) {
            line.append(",\"via\":\"").append(via).append('"');
        }
        line.append("}\n");
    }

    /** Class and first line of the message, with the class at its root: the client wraps what the network said. */
    static String describe(Throwable error) {
        Throwable root = error;
        while (root.getCause() != null) {
            root = root.getCause();
        }
        String first = String.valueOf(error.getMessage()).split("\n", 2)[0].replaceAll(PACKAGE_OF_A_CLASS, "");
        String words = root == error ? "" : root.getClass().getSimpleName() + " in ";
        String text = words + error.getClass().getSimpleName() + ": " + first;
        return text.length() > LONGEST_ERROR ? text.substring(0, LONGEST_ERROR) : text;
    }
}

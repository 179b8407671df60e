package zoo;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.Paths;
import java.nio.file.StandardCopyOption;
import java.util.concurrent.Callable;

/** What happened, a line each on stdout: EPOCH_MS WHAT ok|ERR MS DETAIL. The health file is as new as the last route. */
final class Journal {
    private final Path health;

    /** health: a file in a folder that can be written; empty for none. */
    Journal(String health) {
        this.health = health.isEmpty() ? null : Paths.get(health);
    }

    /** The time of a line is when the work ended. */
    void attempt(String what, Callable<String> work) {
        long began = System.nanoTime();
        try {
            ok(what, elapsed(began), work.call());
        } catch (Throwable error) {
            Throwable cause = error.getCause() == null ? error : error.getCause();
            failed(what, elapsed(began), cause.toString());
        }
    }

    void ok(String what, long milliseconds, String detail) {
        line(what, "ok", milliseconds, detail);
        if (health != null && (what.equals("route") || what.equals("poll"))) {
            healthy();
        }
    }

    void failed(String what, long milliseconds, String detail) {
        line(what, "ERR", milliseconds, detail);
    }

    static long elapsed(long beganNanos) {
        return (System.nanoTime() - beganNanos) / 1_000_000;
    }

    private synchronized void line(String what, String outcome, long milliseconds, String detail) {
        String flat = detail.replaceAll("\\s+", " ");
        System.out.println(System.currentTimeMillis() + " " + what + " " + outcome + " " + milliseconds + " " + flat);
    }

    /** Renamed in, so that a reader never sees half a file. */
    private void healthy() {
        try {
            Path next = health.resolveSibling(health.getFileName() + ".next");
            Files.write(next, String.valueOf(System.currentTimeMillis()).getBytes(StandardCharsets.US_ASCII));
            Files.move(next, health, StandardCopyOption.ATOMIC_MOVE);
        } catch (IOException error) {
            failed("health", 0, error.toString());
        }
    }
}

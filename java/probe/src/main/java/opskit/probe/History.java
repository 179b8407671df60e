package opskit.probe;

import java.io.FileOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.TimeUnit;
import java.util.zip.GZIPOutputStream;

/**
 * The file of operations: JSON lines, gzip, out of the process at least once a second.
 *
 * <p>One thread writes, from a queue without a bound: nothing is dropped and no operation waits for the disk. A file
 * that was cut off is readable up to its last flush, but has no trailer.
 */
final class History {
    private static final long GATHER_MILLIS = 100;
    private static final long FLUSH_NANOS = TimeUnit.SECONDS.toNanos(1);
    private static final int BUFFER = 1 << 16;

    private final String name;
    private final OutputStream file;
    private final Queue<Op> queue = new ConcurrentLinkedQueue<>();
    private final Thread writer = new Thread(this::write, "history");
    private volatile boolean closing;
    private volatile IOException failure;
    private long records;

    History(String name) throws Failure {
        this(name, opened(name));
    }

    /** name: for sentences. */
    History(String name, OutputStream file) throws Failure {
        this.name = name;
        try {
            this.file = new GZIPOutputStream(file, BUFFER, true);
        } catch (IOException error) {
            throw cannot(name, error);
        }
        writer.setDaemon(true);
        writer.start();
    }

    private static OutputStream opened(String name) throws Failure {
        try {
            return new FileOutputStream(name);
        } catch (IOException error) {
            throw cannot(name, error);
        }
    }

    private static Failure cannot(String name, IOException why) {
        return new Failure("the history " + name + " cannot be written: " + why.getMessage(), why);
    }

    void add(Op op) {
        queue.add(op);
    }

    /** Throws where the file took no more: what came since is not in it. */
    void check() throws Failure {
        if (failure != null) {
            throw cannot(name, failure);
        }
    }

    private void write() {
        StringBuilder lines = new StringBuilder(BUFFER);
        long flushed = System.nanoTime();
        try (OutputStream out = file) {
            boolean last;
            do {
                last = closing;
                for (Op op = queue.poll(); op != null; op = queue.poll()) {
                    op.writeTo(lines);
                    records++;
                    if (lines.length() >= BUFFER) {
                        hand(lines, out);
                    }
                }
                hand(lines, out);
                if (System.nanoTime() - flushed >= FLUSH_NANOS) {
                    out.flush();
                    flushed = System.nanoTime();
                }
                if (!last) {
                    TimeUnit.MILLISECONDS.sleep(GATHER_MILLIS);
                }
            } while (!last);
        } catch (IOException error) {
            failure = error;
        } catch (InterruptedException error) {
            Thread.currentThread().interrupt();
        }
    }

    private static void hand(StringBuilder lines, OutputStream out) throws IOException {
        out.write(lines.toString().getBytes(StandardCharsets.US_ASCII));
        lines.setLength(0);
    }

    /** Writes what is in the queue and closes the file. */
    void close() throws InterruptedException {
        closing = true;
        writer.join();
    }

    /** How many are in the file, after its close. */
    long records() {
        return records;
    }
}

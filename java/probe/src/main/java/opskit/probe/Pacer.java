package opskit.probe;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.SynchronousQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;

/**
 * Starts an operation of each path at every interval, however many have not returned: a hang must not slow the clock.
 *
 * <p>An operation starts when its turn comes, so what it waits for a thread counts as its time. Turns that this JVM
 * slept through are not made up for.
 */
final class Pacer {
    private static final long STACK_BYTES = 256 << 10;
    private static final long IDLE_SECONDS = 20;
    private static final long POLL_MILLIS = 50;
    /** Turns closer than this part of the interval are those that the scheduler makes up for. */
    private static final int MADE_UP = 10;

    private final ScheduledThreadPoolExecutor clock =
        new ScheduledThreadPoolExecutor(1, task -> new Thread(null, task, "pacer", STACK_BYTES));
    private final ExecutorService workers = new ThreadPoolExecutor(0, Integer.MAX_VALUE, IDLE_SECONDS, TimeUnit.SECONDS,
        new SynchronousQueue<>(), task -> new Thread(null, task, "operation", STACK_BYTES));
    private final List<Path> paths = new ArrayList<>();
    private volatile boolean stopped;
    private volatile Throwable failure;

    /** From now on; phase: which part of the first interval, from 0 to 1, to let pass before. */
    void every(long intervalMillis, double phase, Path path, Operation operation) {
        long interval = TimeUnit.MILLISECONDS.toNanos(intervalMillis);
        long[] last = {System.nanoTime() - interval};
        paths.add(path);
        clock.scheduleAtFixedRate(() -> {
            long now = System.nanoTime();
            if (now - last[0] >= interval / MADE_UP) {
                last[0] = now;
                start(path, operation);
            }
        }, (long) (phase * interval), interval, TimeUnit.NANOSECONDS);
    }

    private void start(Path path, Operation operation) {
        if (stopped) {
            return;
        }
        Op op = path.begin();
        try {
            workers.execute(() -> run(op, operation));
        } catch (Throwable error) {
            giveUp(error);
        }
    }

    private void run(Op op, Operation operation) {
        try {
            operation.run(op);
        } catch (Exception error) {
            op.fail(Outcome.FAIL, error);
        } catch (Throwable error) {
            giveUp(error);
        }
    }

    /** Out of threads or memory: what the probe would write from now on would be about itself. */
    private void giveUp(Throwable error) {
        failure = error;
        stop();
    }

    /** Starts nothing any more. */
    void stop() {
        stopped = true;
        clock.shutdownNow();
    }

    boolean stopped() {
        return stopped;
    }

    /** True when everything has returned, false after so many seconds. */
    boolean awaitQuiet(long seconds) throws InterruptedException {
        long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(seconds);
        while (paths.stream().anyMatch(path -> path.outstanding() > 0)) {
            if (System.nanoTime() > deadline) {
                return false;
            }
            TimeUnit.MILLISECONDS.sleep(POLL_MILLIS);
        }
        return true;
    }

    /** Throws where the probe itself could not go on. */
    void check() throws Failure {
        if (failure != null) {
            int open = paths.stream().mapToInt(Path::outstanding).sum();
            throw new Failure("the probe cannot go on with " + open + " operations outstanding and "
                + Thread.activeCount() + " threads: " + failure + "; look at ulimit -u and the heap", failure);
        }
    }
}

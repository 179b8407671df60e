package opskit.probe;

import java.io.IOException;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/** The wish to end, by SIGTERM or by the end of stdin; the JVM lives on until the verb has given its account. */
final class Stop {
    private static final long LAST_WORDS_SECONDS = 60;

    private final CountDownLatch wanted = new CountDownLatch(1);
    private final CountDownLatch finished = new CountDownLatch(1);
    private volatile int code;

    /** From now on a signal is a wish; before, it ends the JVM at once. */
    void onSignal() {
        Runtime.getRuntime().addShutdownHook(new Thread(this::lastWords, "last-words"));
    }

    void whenInputEnds() {
        Thread reader = new Thread(() -> {
            try {
                while (System.in.read() >= 0) {
                    continue;
                }
            } catch (IOException error) {
                System.err.println("stdin: " + error);
            }
            wanted.countDown();
        }, "stdin");
        reader.setDaemon(true);
        reader.start();
    }

    void want() {
        wanted.countDown();
    }

    /** True as soon as the end is wanted, false after so many seconds. */
    boolean await(long seconds) throws InterruptedException {
        return wanted.await(seconds, TimeUnit.SECONDS);
    }

    boolean awaitMillis(long millis) throws InterruptedException {
        return wanted.await(millis, TimeUnit.MILLISECONDS);
    }

    /** Ends the JVM with this exit code, also where a signal has begun to end it. */
    void exit(int exitCode) {
        code = exitCode;
        finished.countDown();
        System.exit(exitCode);
    }

    /** A signal alone would end the JVM with 128 + its number: halt gives it the verb's own code. */
    private void lastWords() {
        wanted.countDown();
        try {
            if (finished.await(LAST_WORDS_SECONDS, TimeUnit.SECONDS)) {
                Runtime.getRuntime().halt(code);
            }
        } catch (InterruptedException error) {
            Thread.currentThread().interrupt();
        }
    }
}

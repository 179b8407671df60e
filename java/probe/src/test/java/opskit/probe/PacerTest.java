package opskit.probe;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class PacerTest {
    private final Pacer pacer = new Pacer();
    private History history;
    private Path path;

    @BeforeEach
    void open() throws Exception {
        history = new History("/dev/null");
        path = new Path("c", "produce", history);
    }

    @AfterEach
    void close() throws Exception {
        pacer.stop();
        history.close();
    }

    @Test
    void aHangDoesNotSlowTheClock() throws Exception {
        CountDownLatch hang = new CountDownLatch(1);
        pacer.every(20, 0, path, op -> hang.await());
        Thread.sleep(500);
        pacer.stop();
        int outstanding = path.outstanding();
        assertTrue(outstanding >= 5, outstanding + " outstanding");
        hang.countDown();
    }

    @Test
    void whatAnOperationThrowsIsItsFailure() throws Exception {
        pacer.every(20, 0, path, op -> {
            throw new IllegalStateException("no");
        });
        Thread.sleep(200);
        pacer.stop();
        assertTrue(pacer.awaitQuiet(5));
        assertEquals(path.progress().get("attempted"), path.progress().get("failed"));
        pacer.check();
    }

    @Test
    void whereTheProbeItselfFailsItStopsAndSaysSo() throws Exception {
        pacer.every(20, 0, path, op -> {
            throw new OutOfMemoryError("unable to create native thread");
        });
        Thread.sleep(200);
        assertTrue(pacer.stopped());
        assertTrue(assertThrows(Failure.class, pacer::check).getMessage().contains("unable to create native thread"));
    }
}

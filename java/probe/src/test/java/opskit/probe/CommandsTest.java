package opskit.probe;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayInputStream;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class CommandsTest {
    private final InputStream before = System.in;
    private final List<String> heard = new ArrayList<>();
    private final CountDownLatch stopped = new CountDownLatch(1);

    @AfterEach
    void giveBack() {
        System.setIn(before);
    }

    @Test
    void theEndOfInputIsTheCommandToStop() throws Exception {
        listenTo("clock 7\n\n  attach  10.0.0.1:9876\n");
        assertEquals(Arrays.asList("clock 7", "attach 10.0.0.1:9876", "stop"), heard);
    }

    @Test
    void aCommandThatBreaksTheListenerStops() throws Exception {
        listenTo("break\nclock 7\n");
        assertEquals(Arrays.asList("break", "stop"), heard);
    }

    private void listenTo(String text) throws Exception {
        System.setIn(new ByteArrayInputStream(text.getBytes(StandardCharsets.UTF_8)));
        Commands.listen(words -> {
            heard.add(String.join(" ", words));
            if (words[0].equals("stop")) {
                stopped.countDown();
            }
            if (words[0].equals("break")) {
                throw new OutOfMemoryError("unable to create native thread");
            }
        });
        assertTrue(stopped.await(10, TimeUnit.SECONDS));
    }
}

package opskit.probe;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;

class DrillOptionsTest {
    private static DrillOptions options(String... words) {
        List<String> all = new ArrayList<>(
            Arrays.asList("--nameservers", "a:1;b:1", "--topic", "T", "--name", "h/4.8.0", "--history", "f"));
        all.addAll(Arrays.asList(words));
        return new DrillOptions(all);
    }

    private static String complaint(String... words) {
        return assertThrows(Options.UsageError.class, () -> options(words)).getMessage();
    }

    @Test
    void allPathsAndBothLayoutsUnlessSaid() {
        DrillOptions options = options("--brokers", "broker-a, broker-b");
        assertEquals(Arrays.asList("broker-a", "broker-b"), options.brokers);
        assertEquals(Arrays.asList("shared", "separate"), options.layouts);
        assertTrue(options.has("produce") && options.has("produce@") && options.has("bootstrap"));
        assertEquals(Arrays.asList("a:1", "b:1"), options.nameserverList());
        assertFalse(options("--paths", "produce,route").has("consume"));
    }

    @Test
    void whatCannotWorkIsRefused() {
        assertEquals("the path produce@ needs --brokers", complaint());
        assertEquals("the paths consume and bootstrap receive what produce or produce@ send",
            complaint("--paths", "consume,route"));
        assertEquals("--paths takes produce,produce@,consume,route,bootstrap, not send", complaint("--paths", "send"));
        assertEquals("--layouts takes shared,separate, not ,", complaint("--layouts", ","));
    }
}

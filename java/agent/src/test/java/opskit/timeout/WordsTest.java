package opskit.timeout;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.Arrays;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What comes in as options, and what goes out as JSON. */
class WordsTest {
    @Test
    void optionsHaveDefaults() {
        Options options = Options.of("on");
        assertEquals("on", options.verb);
        assertEquals(Mode.NAMESERVER, options.mode);
        assertNull(options.latencyFault);
        assertNull(options.id);
    }

    @Test
    void optionsAreReadInAnyOrder() {
        Options options = Options.of("on,id=a b=c, latency-fault=off,mode=every");
        assertEquals(Mode.EVERY, options.mode);
        assertEquals(false, options.latencyFault);
        assertEquals("a b=c", options.id);
        assertEquals("off", Options.of("off").verb);
        assertEquals("report", Options.of("report").verb);
    }

    @ParameterizedTest
    @ValueSource(strings = {"", ",", "ON", "mode=every", "on,mode", "on,mode=", "on,mode=EVERY", "on,latency-fault=yes",
        "on,id=", "on,,", "on,verbose"})
    void wrongOptionsAreRefused(String text) {
        assertThrows(IllegalArgumentException.class, () -> Options.of(text));
    }

    @Test
    void noOptionsAtAllAreRefused() {
        assertThrows(IllegalArgumentException.class, () -> Options.of(null));
        assertNull(Options.id(null));
    }

    @Test
    void theTokenIsReadOutOfWrongOptionsToo() {
        assertEquals("t1", Options.id("onn,mode=x,id=t1"));
        assertNull(Options.id("onn"));
    }

    @Test
    void jsonIsOneLineOfAscii() {
        Map<String, Object> object = new LinkedHashMap<>();
        object.put("yes", true);
        object.put("none", null);
        object.put("list", Arrays.asList("x", Collections.emptyList(), Collections.emptyMap()));
        object.put("text", "a \"quoted\" \\ line\n\t\u00e9\ud83d\ude00\u007f");
        assertEquals("{\"yes\":true,\"none\":null,\"list\":[\"x\",[],{}],"
            + "\"text\":\"a \\\"quoted\\\" \\\\ line\\u000a\\u0009\\u00e9\\ud83d\\ude00\\u007f\"}", Json.of(object));
    }
}

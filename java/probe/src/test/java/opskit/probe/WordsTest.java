package opskit.probe;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** What comes in as options, and what goes out as JSON. */
class WordsTest {
    private static Options options(String... words) {
        return new Options(Arrays.asList(words), "topic", "rate");
    }

    private static String complaint(Runnable wrong) {
        return assertThrows(Options.UsageError.class, wrong::run).getMessage();
    }

    @Test
    void optionsAreReadByName() {
        Options options = options("--topic", "T", "--rate", "50");
        assertEquals("T", options.text("topic"));
        assertEquals(50, options.number("rate", 1));
        assertEquals(7, options().number("rate", 7));
    }

    @Test
    void aWrongOptionIsNamed() {
        assertEquals("unknown option --topics; known are --topic, --rate", complaint(() -> options("--topics", "T")));
        assertEquals("unknown option topic; known are --topic, --rate", complaint(() -> options("topic", "T")));
        assertEquals("--topic needs a value", complaint(() -> options("--topic")));
        assertEquals("--topic is missing", complaint(() -> options().text("topic")));
        for (String wrong : new String[] {"0", "-1", "x", "1.5", ""}) {
            assertEquals("--rate must be a whole number above 0, not " + wrong,
                complaint(() -> options("--rate", wrong).number("rate", 1)));
        }
    }

    @Test
    void jsonIsWrittenInOrderAndEscaped() {
        Map<String, Object> object = new LinkedHashMap<>();
        object.put("z", 1);
        object.put("a", 0.5);
        object.put("list", Arrays.asList("x", "y"));
        object.put("text", "a \"quoted\" \\ line\n\u00e9");
        object.put("none", null);
        object.put("yes", true);
        assertEquals("{\"z\":1,\"a\":0.5,\"list\":[\"x\",\"y\"],"
            + "\"text\":\"a \\\"quoted\\\" \\\\ line\\u000a\\u00e9\",\"none\":null,\"yes\":true}", Json.of(object));
    }
}

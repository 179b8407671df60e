package zoo;

import java.util.HashMap;
import java.util.Map;

/** Words of the form name=value; a word without a value is a flag. */
final class Options {
    private final Map<String, String> values = new HashMap<>();

    Options(String[] words) {
        for (String word : words) {
            int equals = word.indexOf('=');
            values.put(equals < 0 ? word : word.substring(0, equals), equals < 0 ? "true" : word.substring(equals + 1));
        }
    }

    String text(String name, String otherwise) {
        return values.getOrDefault(name, otherwise);
    }

    int number(String name, int otherwise) {
        return Integer.parseInt(text(name, String.valueOf(otherwise)));
    }

    boolean flag(String name) {
        return Boolean.parseBoolean(text(name, "false"));
    }
}

package opskit.probe;

import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;

/** Command line of the form VERB --name value …; a name that the verb does not know is refused. */
final class Options {
    /** A wrong command line, as one sentence. */
    static final class UsageError extends RuntimeException {
        private static final long serialVersionUID = 1L;

        UsageError(String sentence) {
            super(sentence);
        }
    }

    private final Map<String, String> values = new LinkedHashMap<>();

    Options(List<String> arguments, String... known) {
        for (int i = 0; i < arguments.size(); i += 2) {
            String name = arguments.get(i);
            if (!name.startsWith("--") || !Arrays.asList(known).contains(name.substring(2))) {
                throw new UsageError("unknown option " + name + "; known are --" + String.join(", --", known));
            }
            if (i + 1 == arguments.size()) {
                throw new UsageError(name + " needs a value");
            }
            values.put(name.substring(2), arguments.get(i + 1));
        }
    }

    boolean has(String name) {
        return values.containsKey(name);
    }

    String text(String name) {
        if (!has(name)) {
            throw new UsageError("--" + name + " is missing");
        }
        return values.get(name);
    }

    String text(String name, String otherwise) {
        return values.getOrDefault(name, otherwise);
    }

    /** A list with commas in between, without empty places. */
    List<String> list(String name, String otherwise) {
        return Arrays.stream(text(name, otherwise).split(","))
            .map(String::trim).filter(word -> !word.isEmpty()).distinct().collect(Collectors.toList());
    }

    /** A whole number above 0. */
    int number(String name, int otherwise) {
        String text = values.get(name);
        if (text == null) {
            return otherwise;
        }
        if (!text.matches("[1-9][0-9]{0,8}")) {
            throw new UsageError("--" + name + " must be a whole number above 0, not " + text);
        }
        return Integer.parseInt(text);
    }
}

package opskit.timeout;

import java.util.Map;

/** Maps, lists, texts, booleans and null as one line of ASCII: a system property is read back as Latin 1. */
final class Json {
    private Json() {
    }

    static String of(Object value) {
        StringBuilder json = new StringBuilder();
        write(value, json);
        return json.toString();
    }

    private static void write(Object value, StringBuilder json) {
        if (value instanceof Map) {
            char before = '{';
            for (Map.Entry<?, ?> entry : ((Map<?, ?>) value).entrySet()) {
                json.append(before);
                quote(entry.getKey().toString(), json);
                write(entry.getValue(), json.append(':'));
                before = ',';
            }
            json.append(before == '{' ? "{}" : "}");
        } else if (value instanceof Iterable) {
            char before = '[';
            for (Object element : (Iterable<?>) value) {
                write(element, json.append(before));
                before = ',';
            }
            json.append(before == '[' ? "[]" : "]");
        } else if (value instanceof Boolean || value == null) {
            json.append(value);
        } else {
            quote(value.toString(), json);
        }
    }

    private static void quote(String text, StringBuilder json) {
        json.append('"');
        for (char c : text.toCharArray()) {
            if (c == '"' || c == '\\') {
                json.append('\\').append(c);
            } else if (c < ' ' || c > '~') {
                json.append("\\u").append(Integer.toHexString(c | 0x10000).substring(1));
            } else {
                json.append(c);
            }
        }
        json.append('"');
    }
}

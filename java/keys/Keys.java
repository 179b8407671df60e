import java.io.PrintWriter;
import java.lang.reflect.Field;
import java.lang.reflect.Method;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * Writes every key that MixAll.properties2Object would set on the given configuration classes, one per line:
 * class, key, type, values, default; separated by tabs. Values are the constants a text must name, "-" where any
 * text will do. A default starts with "="; "-" stands for null.
 *
 * <p>Run as a source file with the jars of one release on the class path: java Keys.java OUT CLASS...
 * It writes to a file because the releases' own logging writes to the standard output.
 */
public class Keys {
    /**
     * The parameter types that properties2Object can parse; it passes over setters of any other type. Where a setter
     * is overloaded it tries each, so the most generous one, first in this order, decides.
     */
    private static final List<String> TYPES = List.of("string", "double", "float", "long", "int", "boolean");
    private static final Map<String, String> BOXED = Map.of("integer", "int");

    public static void main(String[] arguments) throws Exception {
        try (PrintWriter out = new PrintWriter(arguments[0], StandardCharsets.UTF_8)) {
            for (String name : Arrays.asList(arguments).subList(1, arguments.length)) {
                keysOf(Class.forName(name)).forEach(out::println);
            }
        }
    }

    private static List<String> keysOf(Class<?> config) throws ReflectiveOperationException {
        Object fresh = config.getDeclaredConstructor().newInstance();
        Map<String, List<Method>> setters = Arrays.stream(config.getMethods())
            .filter(method -> method.getName().matches("set.+") && method.getParameterCount() == 1)
            .collect(Collectors.groupingBy(method -> method.getName().substring(3)));
        return setters.keySet().stream().sorted()
            .flatMap(name -> type(setters.get(name)).map(type -> String.join("\t", config.getName(), key(name), type,
                values(config, name, setters.get(name)), defaultOf(fresh, name))).stream())
            .collect(Collectors.toList());
    }

    /** As MixAll does: the rest of the setter's name with only its first letter made small. */
    private static String key(String name) {
        return name.substring(0, 1).toLowerCase() + name.substring(1);
    }

    private static Optional<String> type(List<Method> overloads) {
        List<String> taken = overloads.stream()
            .map(method -> method.getParameterTypes()[0].getSimpleName().toLowerCase())
            .map(type -> BOXED.getOrDefault(type, type))
            .collect(Collectors.toList());
        return TYPES.stream().filter(taken::contains).findFirst();
    }

    private static String values(Class<?> config, String name, List<Method> overloads) {
        Stream<Class<?>> set = overloads.stream().map(method -> method.getParameterTypes()[0]);
        Stream<Class<?>> got = getter(config, name).<Class<?>>map(Method::getReturnType).stream();
        return Stream.concat(set, got).filter(Class::isEnum).findFirst()
            .map(found -> Arrays.stream(found.getEnumConstants()).map(constant -> ((Enum<?>) constant).name())
                .collect(Collectors.joining(",")))
            .orElse("-");
    }

    private static String defaultOf(Object fresh, String name) {
        try {
            Optional<Method> getter = getter(fresh.getClass(), name);
            Object value = getter.isPresent() ? getter.get().invoke(fresh) : field(fresh, key(name));
            return value == null ? "-" : "=" + oneLine(value.toString());
        } catch (ReflectiveOperationException unreadable) {
            throw new IllegalStateException("the default of " + name + " in " + fresh.getClass() + " cannot be read", unreadable);
        }
    }

    private static Optional<Method> getter(Class<?> config, String name) {
        return Stream.of("get", "is")
            .flatMap(prefix -> Arrays.stream(config.getMethods()).filter(method -> method.getName().equals(prefix + name)))
            .filter(method -> method.getParameterCount() == 0)
            .findFirst();
    }

    private static Object field(Object fresh, String key) throws ReflectiveOperationException {
        for (Class<?> config = fresh.getClass(); config != null; config = config.getSuperclass()) {
            for (Field field : config.getDeclaredFields()) {
                if (field.getName().equals(key)) {
                    field.setAccessible(true);
                    return field.get(fresh);
                }
            }
        }
        throw new NoSuchFieldException(key);
    }

    private static String oneLine(String value) {
        if (value.chars().anyMatch(Character::isISOControl)) {
            throw new IllegalStateException("a default holds a control character: " + value);
        }
        return value;
    }
}

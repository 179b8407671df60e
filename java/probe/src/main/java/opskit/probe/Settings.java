package opskit.probe;

import java.lang.reflect.Method;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.apache.rocketmq.client.consumer.DefaultMQPushConsumer;
import org.apache.rocketmq.client.producer.DefaultMQProducer;
import org.apache.rocketmq.remoting.netty.NettyClientConfig;

/**
 * Client settings by the names of the official setters, as {@code name=value;name=value}; the words of an array have
 * commas in between. Each goes to producers, consumers and the connection settings of their client instances, whichever
 * have it.
 */
final class Settings {
    /** What the probe decides itself: other values would break it, or mix up its clients. */
    private static final List<String> RESERVED = Arrays.asList(
        "namesrvAddr", "instanceName", "clientIP", "unitName", "producerGroup", "consumerGroup", "namespace",
        "namespaceV2", "consumeFromWhere", "messageModel");
    /** Those that decide how fast a client recovers, shown whether set or not where the release has them. */
    private static final List<String> TELLING = Arrays.asList(
        "clientCloseSocketIfTimeout", "connectTimeoutMillis", "pollNameServerInterval", "heartbeatBrokerInterval",
        "mqClientApiTimeout", "sendMsgTimeout", "sendMsgMaxTimeoutPerRequest", "retryTimesWhenSendFailed",
        "sendLatencyFaultEnable", "enableHeartbeatChannelEventListener");

    private final Map<String, String> wanted = new LinkedHashMap<>();

    Settings(String text) {
        for (String word : text.split(";")) {
            if (!word.trim().isEmpty()) {
                String[] parts = word.split("=", 2);
                if (parts.length < 2) {
                    throw new Options.UsageError("--set needs name=value;name=value, not " + word);
                }
                wanted.put(parts[0].trim(), parts[1].trim());
            }
        }
        wanted.forEach(Settings::check);
    }

    private static void check(String name, String value) {
        if (RESERVED.contains(name)) {
            throw new Options.UsageError("--set: " + name + " is for the probe to choose");
        }
        long setters = Stream.of(DefaultMQProducer.class, DefaultMQPushConsumer.class, NettyClientConfig.class)
            .map(type -> setter(type, name))
            .filter(setter -> setter != null && valueOf(name, value, setter.getParameterTypes()[0]) != null)
            .count();
        if (setters == 0) {
            throw new Options.UsageError("--set: no producer, consumer or connection of this release has a " + name);
        }
    }

    /** Sets those that this object has: a producer, a consumer, or the connection settings of an instance. */
    void applyTo(Object bean) throws Failure {
        for (Map.Entry<String, String> setting : wanted.entrySet()) {
            Method setter = setter(bean.getClass(), setting.getKey());
            if (setter != null) {
                call(setter, bean, valueOf(setting.getKey(), setting.getValue(), setter.getParameterTypes()[0]));
            }
        }
    }

    /** What is in force, read back from these objects: the wanted ones, and those that decide about recovery. */
    Map<String, Object> inForce(Object... beans) throws Failure {
        Map<String, Object> values = new TreeMap<>();
        for (Object bean : beans) {
            for (Method method : bean.getClass().getMethods()) {
                String name = propertyOf(method);
                if (wanted.containsKey(name) || TELLING.contains(name)) {
                    Object value = call(method, bean);
                    values.putIfAbsent(name, value instanceof long[] ? Arrays.toString((long[]) value) : value);
                }
            }
        }
        return values;
    }

    /** Throws where a setting of this object does not have the value asked for. */
    void verify(Object bean) throws Failure {
        Map<String, Object> values = inForce(bean);
        for (Map.Entry<String, String> setting : wanted.entrySet()) {
            Object value = values.get(setting.getKey());
            if (value != null && !(value.toString().replaceAll("[\\[\\] ]", "")).equals(setting.getValue())) {
                throw new Failure("the setting " + setting.getKey() + "=" + setting.getValue() + " is not in force in "
                    + bean.getClass().getSimpleName() + ", which has " + value);
            }
        }
    }

    private static Method setter(Class<?> type, String name) {
        return Arrays.stream(type.getMethods())
            .filter(method -> method.getParameterCount() == 1 && method.getName().startsWith("set")
                && name.equals(decapitalized(method.getName().substring(3))))
            .findFirst().orElse(null);
    }

    private static String propertyOf(Method method) {
        String name = method.getName();
        if (method.getParameterCount() != 0 || method.getReturnType() == void.class) {
            return "";
        }
        return name.startsWith("get") ? decapitalized(name.substring(3))
            : name.startsWith("is") ? decapitalized(name.substring(2)) : "";
    }

    private static String decapitalized(String text) {
        return text.isEmpty() ? "" : text.substring(0, 1).toLowerCase(Locale.ROOT) + text.substring(1);
    }

    private static Object valueOf(String name, String text, Class<?> type) {
        try {
            if (type == boolean.class && text.matches("true|false")) {
                return Boolean.valueOf(text);
            } else if (type == int.class) {
                return Integer.valueOf(text);
            } else if (type == long.class) {
                return Long.valueOf(text);
            } else if (type == long[].class) {
                return Arrays.stream(text.split(",")).mapToLong(Long::parseLong).toArray();
            } else if (type == String.class) {
                return text;
            }
        } catch (NumberFormatException error) {
            throw new Options.UsageError("--set: " + name + " must be a whole number, not " + text);
        }
        throw new Options.UsageError("--set: " + name + " must be of type " + type.getSimpleName() + ", not " + text);
    }

    private static Object call(Method method, Object bean, Object... arguments) throws Failure {
        try {
            return method.invoke(bean, arguments);
        } catch (ReflectiveOperationException error) {
            throw new Failure(
                method.getName() + " of " + bean.getClass().getSimpleName() + ": " + error.getCause(), error);
        }
    }
}

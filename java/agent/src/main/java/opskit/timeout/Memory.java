package opskit.timeout;

import java.util.ArrayList;
import java.util.List;

/**
 * What must outlive a verb, in system properties: another build of the agent, which shares no class with this one, goes
 * on from there. An operator sees it too, by jcmd PID VM.system_properties.
 */
final class Memory {
    static final String REPORT = "opskit.agent.report";
    private static final String BUILD = "opskit.agent.build";
    private static final String MODE = "opskit.agent.mode";

    /** What is remembered of one thing each. */
    enum Kind {
        /** The value of a client's field before the agent set it. */
        FIELD,
        /** The value of NettySystemConfig's static field before the agent set it. */
        SYSTEM,
        /** The value of a producer's sendLatencyFaultEnable before the agent set it. */
        LATENCY,
        /** That a class was changed when it went through the transformer last. */
        CHANGED;

        String property(String key) {
            return "opskit.agent." + name().toLowerCase(java.util.Locale.ROOT) + "." + key;
        }
    }

    private Memory() {
    }

    /** Name of this build: the last part of its package, which is made from a digest of its sources. */
    static String build() {
        String[] parts = Memory.class.getName().split("\\.");
        return parts[parts.length - 2];
    }

    /** Whether this build is the one that was given a verb last. */
    static boolean ours() {
        return build().equals(System.getProperty(BUILD));
    }

    static void claim() {
        System.setProperty(BUILD, build());
    }

    /** The mode in force; null where none is. */
    static Mode mode() {
        return Mode.of(System.getProperty(MODE));
    }

    static void setMode(Mode mode) {
        if (mode == null) {
            System.clearProperty(MODE);
        } else {
            System.setProperty(MODE, mode.word());
        }
    }

    /** Null where nothing is remembered. */
    static Boolean recall(Kind kind, String key) {
        String value = System.getProperty(kind.property(key));
        return value == null ? null : Boolean.valueOf(value);
    }

    static boolean holds(Kind kind, String key) {
        return Boolean.TRUE.equals(recall(kind, key));
    }

    static void remember(Kind kind, String key, boolean value) {
        System.setProperty(kind.property(key), String.valueOf(value));
    }

    static void forget(Kind kind, String key) {
        System.clearProperty(kind.property(key));
    }

    static void forget(Kind kind) {
        List<String> names = new ArrayList<>(System.getProperties().stringPropertyNames());
        for (String name : names) {
            if (name.startsWith(kind.property(""))) {
                System.clearProperty(name);
            }
        }
    }
}

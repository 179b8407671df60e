package opskit.timeout;

import java.lang.instrument.Instrumentation;
import java.lang.reflect.Field;
import java.util.ArrayList;
import java.util.List;

/** Puts a mode in force, or none: classes, then the fields of live clients. Doing it twice changes nothing more. */
final class Switch {
    private final Instrumentation jvm;
    private final Rewriter rewriter;
    private final List<String> errors;
    private Loaded loaded;

    Switch(Instrumentation jvm, Rewriter rewriter, List<String> errors) {
        this.jvm = jvm;
        this.rewriter = rewriter;
        this.errors = errors;
        this.loaded = new Loaded(jvm);
    }

    void on(Mode mode) {
        Mode before = Memory.mode();
        if (mode == Mode.NAMESERVER && loaded.isServer()) {
            errors.add("this JVM is a RocketMQ server, which gives its nameservers' addresses: nothing was changed; "
                + "set clientCloseSocketIfTimeout in broker.conf");
            return;
        }
        if (mode == Mode.EVERY) {
            each("cannot be recorded", client -> record(client, before));
        }
        changeClasses(mode);
        if (mode == Mode.EVERY) {
            systemFields(true);
            each("cannot be switched", client -> {
                record(client, mode);
                client.setField(true);
            });
        } else {
            restoreFields(before);
            each("cannot be read", this::warnOfProperty);
        }
        for (Family family : loaded.families) {
            if (family.setting == Setting.ABSENT || family.setting == Setting.UNKNOWN) {
                errors.add("the NettyClientConfig of " + family + (family.setting == Setting.ABSENT
                    ? " has no close-on-timeout" : " is not understood") + ": its classes are left alone");
            }
        }
        HungNameservers.leave(loaded.clients(errors), errors);
    }

    void off() {
        Mode before = Memory.mode();
        changeClasses(null);
        restoreFields(before);
        rewriter.unregister();
    }

    /** Producers that start later are as their application makes them. */
    void latencyFault(boolean value) {
        each("has producers that cannot be switched", client -> {
            for (Client.Producer producer : client.producers().values()) {
                producer.setLatencyFault(value);
            }
        });
    }

    void restoreLatencyFault() {
        each("has producers that cannot be restored", client -> {
            for (Client.Producer producer : client.producers().values()) {
                producer.restoreLatencyFault();
            }
        });
        Memory.forget(Memory.Kind.LATENCY);
    }

    /** Goes over the classes that are not as the mode asks; over all that it asks for where another build did it. */
    private void changeClasses(Mode mode) {
        boolean again = !Memory.ours();
        Memory.claim();
        Memory.setMode(mode);
        rewriter.register();
        // only now: what was loaded since the first look was not changed on its way in
        loaded = new Loaded(jvm);
        List<Class<?>> classes = new ArrayList<>();
        for (Family family : loaded.families) {
            add(classes, family.config, mode == Mode.EVERY && family.setting == Setting.OFF, again);
            add(classes, family.remoting, mode == Mode.NAMESERVER && Family.byConstant(family.setting), again);
        }
        rewriter.goOver(classes);
    }

    private static void add(List<Class<?>> classes, Class<?> type, boolean wanted, boolean again) {
        if (type != null && (wanted != Memory.holds(Memory.Kind.CHANGED, Family.key(type)) || wanted && again)) {
            classes.add(type);
        }
    }

    private static void record(Client client, Mode lived) throws ReflectiveOperationException {
        if (Memory.recall(Memory.Kind.FIELD, client.key()) == null) {
            Memory.remember(Memory.Kind.FIELD, client.key(), client.constructed(lived));
        }
    }

    private void restoreFields(Mode before) {
        if (before == Mode.EVERY) {
            each("cannot be restored", client -> client.setField(client.constructed(before)));
            systemFields(false);
            Memory.forget(Memory.Kind.FIELD);
            Memory.forget(Memory.Kind.SYSTEM);
        }
    }

    /** Later clients of 4.9.1 and later: what NettySystemConfig read from the property is set, or put back. */
    private void systemFields(boolean on) {
        for (Family family : loaded.families) {
            if (family.setting != Setting.PROPERTY) {
                continue;
            }
            try {
                String key = Family.key(family.config);
                Field field = family.systemField();
                Boolean recorded = Memory.recall(Memory.Kind.SYSTEM, key);
                if (on && recorded == null) {
                    Memory.remember(Memory.Kind.SYSTEM, key, field.getBoolean(null));
                }
                if (on || recorded != null) {
                    field.setBoolean(null, on || recorded);
                }
            } catch (ReflectiveOperationException | RuntimeException | LinkageError error) {
                errors.add("later clients of " + family + " cannot be switched: " + error);
            }
        }
    }

    private void warnOfProperty(Client client) throws ReflectiveOperationException {
        if (!client.closesNameserver() && client.family.setting == Setting.PROPERTY) {
            errors.add("client " + client.id + " of " + client.family + " was switched off by its property or its "
                + "application; only mode=every changes that");
        }
    }

    /** One step with a client; what it throws is a sentence, and the next client has its turn. */
    private interface Step {
        void with(Client client) throws ReflectiveOperationException;
    }

    private void each(String otherwise, Step step) {
        for (Client client : loaded.clients(errors)) {
            try {
                step.with(client);
            } catch (ReflectiveOperationException | RuntimeException | LinkageError error) {
                errors.add("client " + client.id + " of " + client.family + " " + otherwise + ": " + error);
            }
        }
    }
}

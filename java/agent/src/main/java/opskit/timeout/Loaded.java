package opskit.timeout;

import java.lang.instrument.Instrumentation;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** The RocketMQ clients in this JVM: by the shape of class names, so relocated ones and those of any loader too. */
final class Loaded {
    final List<Family> families = new ArrayList<>();
    private boolean server;
    private final List<Class<?>> managers = new ArrayList<>();

    Loaded(Instrumentation jvm) {
        List<Class<?>> configs = new ArrayList<>();
        Map<String, Class<?>> remotings = new HashMap<>();
        for (Class<?> type : jvm.getAllLoadedClasses()) {
            String name = type.getName();
            if (type.getClassLoader() == null) {
                continue;
            }
            if (name.endsWith(Family.CONFIG)) {
                configs.add(type);
            } else if (name.endsWith(Family.REMOTING)) {
                remotings.put(Family.key(type), type);
            } else if (name.endsWith(Family.MANAGER)) {
                managers.add(type);
            } else if (name.endsWith(".broker.BrokerController")) {
                server = true;
            }
        }
        for (Class<?> config : configs) {
            String family = config.getName().substring(0, config.getName().length() - Family.CONFIG.length());
            String remoting = Family.key(family + Family.REMOTING, config.getClassLoader());
            families.add(new Family(config, remotings.get(remoting)));
        }
    }

    /** A broker; one that is about to start has loaded nothing yet. */
    boolean isServer() {
        return server || System.getProperty("sun.java.command", "").split(" ")[0].endsWith(".BrokerStartup");
    }

    /** The live clients; what keeps one from being read becomes a sentence, and the others are read. */
    List<Client> clients(List<String> errors) {
        List<Client> clients = new ArrayList<>();
        for (Class<?> manager : managers) {
            try {
                if (mayBeReady(manager)) {
                    for (Object instance : instances(manager)) {
                        add(instance, clients, errors);
                    }
                }
            } catch (ReflectiveOperationException | RuntimeException | LinkageError error) {
                errors.add("the clients of " + manager.getName() + " cannot be read: " + error);
            }
        }
        return clients;
    }

    private void add(Object instance, List<Client> clients, List<String> errors) {
        try {
            Object config = Mirror.field(instance, "nettyClientConfig");
            for (Family family : families) {
                if (family.config == config.getClass()) {
                    clients.add(new Client(instance, config, family));
                }
            }
        } catch (ReflectiveOperationException | RuntimeException error) {
            errors.add("a client of " + instance.getClass().getName() + " cannot be read: " + error);
        }
    }

    /** Reading a manager's table initialises its class; a manager that has a client has loaded its config as well. */
    private boolean mayBeReady(Class<?> manager) {
        for (Family family : families) {
            if (manager.getName().equals(family.name + Family.MANAGER)) {
                return true;
            }
        }
        return false;
    }

    private static Iterable<?> instances(Class<?> manager) throws ReflectiveOperationException {
        Object only = Mirror.staticField(manager, "instance").get(null);
        return ((Map<?, ?>) Mirror.field(only, "factoryTable")).values();
    }
}

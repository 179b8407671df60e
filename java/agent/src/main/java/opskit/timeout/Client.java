package opskit.timeout;

import java.util.Collection;
import java.util.Collections;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.atomic.AtomicReference;

/** One live MQClientInstance: what an application's producers and consumers share of connections. */
final class Client {
    /** Every instance has this producer of its own, which sends back what a consumer could not handle. */
    private static final String INNER_PRODUCER = "CLIENT_INNER_PRODUCER";

    /** Request code of a route query, the same in all releases. */
    private static final int GET_ROUTEINFO_BY_TOPIC = 105;

    final String id;
    final Family family;
    private final Object instance;
    private final Object config;
    private final Object remoting;

    Client(Object instance, Object config, Family family) throws ReflectiveOperationException {
        this.instance = instance;
        this.config = config;
        this.family = family;
        this.id = (String) Mirror.field(instance, "clientId");
        this.remoting = Mirror.field(Mirror.field(instance, "mQClientAPIImpl"), "remotingClient");
    }

    String key() {
        return Mirror.identity(id, instance);
    }

    boolean field() throws ReflectiveOperationException {
        return Mirror.is(config, "isClientCloseSocketIfTimeout");
    }

    void setField(boolean value) throws ReflectiveOperationException {
        Mirror.set(config, "setClientCloseSocketIfTimeout", value);
    }

    /** Whether a call to a broker that times out closes its channel. */
    boolean closesEvery() throws ReflectiveOperationException {
        return field() && !family.nameserversOnly();
    }

    boolean closesNameserver() throws ReflectiveOperationException {
        return field() || family.nameserversOnly();
    }

    /**
     * The field as it was before the agent set it, or as it would be without the agent.
     *
     * @param mode the mode under which the client has lived up to now
     */
    boolean constructed(Mode mode) throws ReflectiveOperationException {
        Boolean recorded = Memory.recall(Memory.Kind.FIELD, key());
        if (recorded == null && mode == Mode.EVERY) {
            recorded = family.setting == Setting.OFF
                ? Boolean.FALSE : Memory.recall(Memory.Kind.SYSTEM, Family.key(family.config));
        }
        return recorded == null ? field() : recorded;
    }

    /** As ip:port; null where it is attached to none. */
    String nameserver() throws ReflectiveOperationException {
        return (String) ((AtomicReference<?>) Mirror.field(remoting, "namesrvAddrChoosed")).get();
    }

    Collection<?> nameservers() throws ReflectiveOperationException {
        Object list = ((AtomicReference<?>) Mirror.field(remoting, "namesrvAddrList")).get();
        return list == null ? Collections.emptyList() : (Collection<?>) list;
    }

    /**
     * Asks the nameserver a small question, as the client's own route queries do. A timeout closes the channel where
     * the agent is in force.
     *
     * @throws ReflectiveOperationException around whatever the client threw
     */
    void askNameserver(long timeoutMillis) throws ReflectiveOperationException {
        ClassLoader loader = family.config.getClassLoader();
        Class<?> command = Class.forName(family.name + ".remoting.protocol.RemotingCommand", true, loader);
        Class<?> header = Class.forName(family.name + ".remoting.CommandCustomHeader", true, loader);
        Object request = command.getMethod("createRequestCommand", int.class, header)
            .invoke(null, GET_ROUTEINFO_BY_TOPIC, null);
        command.getMethod("addExtField", String.class, String.class)
            .invoke(request, "topic", "opskit-is-anybody-there");
        remoting.getClass().getMethod("invokeSync", String.class, command, long.class)
            .invoke(remoting, null, request, timeoutMillis);
    }

    /** The application's own, by group. */
    Map<String, Producer> producers() throws ReflectiveOperationException {
        Map<String, Producer> producers = new TreeMap<>();
        for (Map.Entry<?, ?> entry : ((Map<?, ?>) Mirror.field(instance, "producerTable")).entrySet()) {
            if (!entry.getKey().equals(INNER_PRODUCER)) {
                producers.put((String) entry.getKey(), new Producer((String) entry.getKey(), entry.getValue()));
            }
        }
        return producers;
    }

    Set<String> consumers() throws ReflectiveOperationException {
        Set<String> groups = new TreeSet<>();
        for (Object group : ((Map<?, ?>) Mirror.field(instance, "consumerTable")).keySet()) {
            groups.add((String) group);
        }
        return groups;
    }

    /** A producer of the application; its sendLatencyFaultEnable avoids brokers that were slow or failed. */
    static final class Producer {
        private final String group;
        private final Object producer;

        private Producer(String group, Object producer) {
            this.group = group;
            this.producer = producer;
        }

        boolean latencyFault() throws ReflectiveOperationException {
            return Mirror.is(producer, "isSendLatencyFaultEnable");
        }

        void setLatencyFault(boolean value) throws ReflectiveOperationException {
            String key = Mirror.identity(group, producer);
            if (Memory.recall(Memory.Kind.LATENCY, key) == null) {
                Memory.remember(Memory.Kind.LATENCY, key, latencyFault());
            }
            Mirror.set(producer, "setSendLatencyFaultEnable", value);
        }

        void restoreLatencyFault() throws ReflectiveOperationException {
            Boolean recorded = Memory.recall(Memory.Kind.LATENCY, Mirror.identity(group, producer));
            if (recorded != null) {
                Mirror.set(producer, "setSendLatencyFaultEnable", recorded);
            }
        }
    }
}

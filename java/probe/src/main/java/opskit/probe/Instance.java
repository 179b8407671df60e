package opskit.probe;

import java.lang.reflect.Field;
import java.lang.reflect.InvocationTargetException;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import org.apache.rocketmq.client.ClientConfig;
import org.apache.rocketmq.client.impl.MQClientAPIImpl;
import org.apache.rocketmq.client.impl.MQClientManager;
import org.apache.rocketmq.client.impl.factory.MQClientInstance;
import org.apache.rocketmq.remoting.RemotingClient;
import org.apache.rocketmq.remoting.netty.NettyClientConfig;
import org.apache.rocketmq.remoting.netty.NettyRemotingClient;

/**
 * One client instance of the library: what its producers and consumers share, connections above all.
 *
 * <p>Made before they start: a consumer asks a nameserver within its start, and by then the settings must be in force.
 * The nameserver in use is known to private fields only; they bear the same names in all releases from 4.8.0 to 5.4.0.
 */
final class Instance {
    /** MQClientInstance.updateTopicRouteInfoFromNameServer before releases had the setting mqClientApiTimeout. */
    private static final int DEFAULT_ROUTE_TIMEOUT_MILLIS = 3000;

    private final MQClientInstance library;
    private final RemotingClient remoting;
    private final long routeTimeoutMillis;

    /** The instance that a producer or consumer with this configuration will start on. */
    Instance(ClientConfig config, Settings settings) throws Failure {
        library = MQClientManager.getInstance().getOrCreateMQClientInstance(config, Clients.signer());
        remoting = library.getMQClientAPIImpl().getRemotingClient();
        routeTimeoutMillis = ((Number) settings.inForce(config)
            .getOrDefault("mqClientApiTimeout", DEFAULT_ROUTE_TIMEOUT_MILLIS)).longValue();
        settings.applyTo(connection());
        settings.verify(connection());
    }

    NettyClientConfig connection() {
        return library.getNettyClientConfig();
    }

    /** Address of the nameserver that it is attached to or, before it ever asked one, will be. */
    String nameserver() throws Failure {
        Object chosen = ((AtomicReference<?>) field("namesrvAddrChoosed")).get();
        return chosen != null ? chosen.toString() : upcoming();
    }

    /** Before its start: makes this nameserver its first choice, which otherwise is chance. */
    void chooseFirst(String nameserver) throws Failure {
        AtomicInteger last = (AtomicInteger) field("namesrvIndex");
        for (int i = 0; i < nameservers().size() && !upcoming().equals(nameserver); i++) {
            last.incrementAndGet();
        }
    }

    /** The client takes the list, which it has shuffled, in turns from a random place on. */
    private String upcoming() throws Failure {
        int last = ((AtomicInteger) field("namesrvIndex")).get();
        return nameservers().get(Math.abs(last + 1) % nameservers().size()).toString();
    }

    private List<?> nameservers() throws Failure {
        return (List<?>) ((AtomicReference<?>) field("namesrvAddrList")).get();
    }

    private Object field(String name) throws Failure {
        try {
            Field field = NettyRemotingClient.class.getDeclaredField(name);
            field.setAccessible(true);
            return field.get(remoting);
        } catch (ReflectiveOperationException error) {
            throw new Failure("this release of the client does not tell its nameserver: " + error, error);
        }
    }

    /** Tells the brokers now what they hear at each interval; by its name, since it returns another type in 5.x. */
    void heartbeat() throws Failure {
        try {
            MQClientInstance.class.getMethod("sendHeartbeatToAllBrokerWithLock").invoke(library);
        } catch (ReflectiveOperationException error) {
            throw new Failure("this release of the client cannot be asked for a heartbeat: " + error, error);
        }
    }

    /**
     * The question of a client's own route poll, with its timeout; throws what that would meet. The type of the answer
     * moved to another package in 5.x, so the method is called by its name.
     */
    void queryRoute(String topic) throws Exception {
        try {
            MQClientAPIImpl.class.getMethod("getTopicRouteInfoFromNameServer", String.class, long.class)
                .invoke(library.getMQClientAPIImpl(), topic, routeTimeoutMillis);
        } catch (InvocationTargetException error) {
            throw error.getCause() instanceof Exception ? (Exception) error.getCause() : error;
        }
    }
}

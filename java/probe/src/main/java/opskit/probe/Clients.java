package opskit.probe;

import java.lang.reflect.Method;
import java.net.InetAddress;
import java.net.UnknownHostException;
import org.apache.rocketmq.acl.common.AclClientRPCHook;
import org.apache.rocketmq.acl.common.SessionCredentials;
import org.apache.rocketmq.client.ClientConfig;
import org.apache.rocketmq.client.consumer.DefaultMQPushConsumer;
import org.apache.rocketmq.client.consumer.rebalance.AllocateMessageQueueAveragely;
import org.apache.rocketmq.client.producer.DefaultMQProducer;
import org.apache.rocketmq.common.MQVersion;
import org.apache.rocketmq.remoting.RPCHook;

/**
 * Makes the official client's producers and consumers, each on a client instance of its own, as the defaults of 4.9.1
 * and later have it: in 4.8.0 they would share one, and a producer's timeouts would cut off the consumer.
 *
 * <p>Signs requests where the environment holds OPSKIT_ACCESS_KEY and OPSKIT_SECRET_KEY.
 */
final class Clients {
    private final String nameservers;
    private final String group;
    private final String run;

    /**
     * run: id of this run. The group's name holds the verb and this host, but not the run: brokers keep every group
     * that they ever saw.
     */
    Clients(String nameservers, String groupPrefix, String verb, String run) {
        this.nameservers = nameservers;
        this.group = (groupPrefix + "-" + verb + "-" + hostName()).replaceAll("[^a-zA-Z0-9_-]", "-");
        this.run = run;
    }

    String group() {
        return group;
    }

    DefaultMQProducer producer() {
        DefaultMQProducer producer = new DefaultMQProducer(group, signer());
        configure(producer, "producer");
        return producer;
    }

    DefaultMQPushConsumer consumer() {
        DefaultMQPushConsumer consumer =
            new DefaultMQPushConsumer(group, signer(), new AllocateMessageQueueAveragely());
        configure(consumer, "consumer");
        return consumer;
    }

    private void configure(ClientConfig client, String name) {
        client.setNamesrvAddr(nameservers);
        client.setInstanceName("opskit-" + name + "-" + run);
    }

    /** Null where the environment holds no keys. */
    static RPCHook signer() {
        String access = System.getenv("OPSKIT_ACCESS_KEY");
        String secret = System.getenv("OPSKIT_SECRET_KEY");
        return access == null || secret == null
            ? null : new AclClientRPCHook(new SessionCredentials(access, secret));
    }

    private static String hostName() {
        try {
            return InetAddress.getLocalHost().getHostName();
        } catch (UnknownHostException error) {
            return "unnamed";
        }
    }

    /** Release of the client jars at run time, as "4.8.0"; read late, since javac would copy the constant. */
    static String release() throws ReflectiveOperationException {
        int current = MQVersion.class.getField("CURRENT_VERSION").getInt(null);
        Method describe = MQVersion.class.getMethod("getVersionDesc", int.class);
        return describe.invoke(null, current).toString().replaceFirst("^V", "").replace('_', '.');
    }
}

package opskit.probe;

import java.util.Map;
import java.util.Set;
import org.apache.rocketmq.client.ClientConfig;
import org.apache.rocketmq.client.consumer.DefaultMQPushConsumer;
import org.apache.rocketmq.client.consumer.listener.MessageListenerConcurrently;
import org.apache.rocketmq.client.consumer.rebalance.AllocateMessageQueueAveragely;
import org.apache.rocketmq.client.exception.MQClientException;
import org.apache.rocketmq.client.producer.DefaultMQProducer;
import org.apache.rocketmq.common.consumer.ConsumeFromWhere;
import org.apache.rocketmq.common.message.MessageQueue;

/** One client instance with its producer, its consumer or both, as an application would hold it. */
final class Seat implements AutoCloseable {
    /** What all instances of a drill have in common. */
    static final class Plan {
        final String nameservers;
        final String topic;
        final Settings settings;

        Plan(String nameservers, String topic, Settings settings) {
            this.nameservers = nameservers;
            this.topic = topic;
            this.settings = settings;
        }
    }

    private static final int CALLBACK_THREADS = 2;
    private static final int BATCH_LOOK_MILLIS = 200;

    private final Plan plan;
    private final String name;
    private DefaultMQProducer producer;
    private DefaultMQPushConsumer consumer;
    private Instance instance;

    /** name: of the client instance, unique on this host; nothing happens yet. */
    Seat(Plan plan, String name) {
        this.plan = plan;
        this.name = name;
    }

    Seat withProducer(String group) throws Failure {
        producer = new DefaultMQProducer(group, Clients.signer());
        furnish(producer);
        return this;
    }

    /** from: where it begins on queues of which the broker holds no offset of this group. */
    Seat withConsumer(String group, String tag, ConsumeFromWhere from, MessageListenerConcurrently listener)
        throws Failure, MQClientException {
        consumer = new DefaultMQPushConsumer(group, Clients.signer(), new AllocateMessageQueueAveragely());
        consumer.setConsumeFromWhere(from);
        consumer.setConsumeThreadMin(1);
        consumer.setConsumeThreadMax(1);
        consumer.subscribe(plan.topic, tag);
        consumer.registerMessageListener(listener);
        furnish(consumer);
        return this;
    }

    private void furnish(ClientConfig config) throws Failure {
        config.setNamesrvAddr(plan.nameservers);
        config.setInstanceName(name);
        config.setClientCallbackExecutorThreads(CALLBACK_THREADS);
        plan.settings.applyTo(config);
        plan.settings.verify(config);
        if (instance == null) {
            instance = new Instance(config, plan.settings);
        }
    }

    Seat start() throws MQClientException, Failure {
        if (producer != null) {
            producer.start();
            calm(producer);
        }
        if (consumer != null) {
            consumer.start();
        }
        return this;
    }

    /**
     * In 5.x two threads of each producer look for batches every 5 ms, also where it makes none: with many clients they
     * would cost more than the traffic.
     */
    private static void calm(DefaultMQProducer producer) throws Failure {
        Class<?> type = producer.getClass();
        try {
            boolean batches = (boolean) type.getMethod("getAutoBatch").invoke(producer);
            boolean looks = (int) type.getMethod("getBatchMaxDelayMs").invoke(producer) > 0;
            if (looks && !batches) {
                type.getMethod("batchMaxDelayMs", int.class).invoke(producer, BATCH_LOOK_MILLIS);
            }
        } catch (NoSuchMethodException error) {
            return; // 4.x makes no batches of its own
        } catch (ReflectiveOperationException error) {
            throw new Failure("the producer cannot be calmed: " + error.getCause(), error);
        }
    }

    Instance instance() {
        return instance;
    }

    DefaultMQProducer producer() {
        return producer;
    }

    /** What is in force in it, read back. */
    Map<String, Object> settings() throws Failure {
        Map<String, Object> inForce = plan.settings.inForce(instance.connection());
        for (ClientConfig config : new ClientConfig[] {producer, consumer}) {
            if (config != null) {
                inForce.putAll(plan.settings.inForce(config));
            }
        }
        return inForce;
    }

    /** Whether its consumer, where it has one, has been given all of these queues. */
    boolean holds(Set<MessageQueue> queues) {
        return consumer == null || consumer.getDefaultMQPushConsumerImpl().getRebalanceImpl()
            .getProcessQueueTable().keySet().containsAll(queues);
    }

    /** Leaves the group, and hands its offsets to the brokers. */
    void stopConsuming() {
        if (consumer != null) {
            consumer.shutdown();
        }
    }

    @Override
    public void close() {
        stopConsuming();
        if (producer != null) {
            producer.shutdown();
        }
    }
}

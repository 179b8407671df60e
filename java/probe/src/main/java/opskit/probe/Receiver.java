package opskit.probe;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.apache.rocketmq.client.consumer.DefaultMQPushConsumer;
import org.apache.rocketmq.client.consumer.listener.ConsumeConcurrentlyContext;
import org.apache.rocketmq.client.consumer.listener.ConsumeConcurrentlyStatus;
import org.apache.rocketmq.client.exception.MQClientException;
import org.apache.rocketmq.common.consumer.ConsumeFromWhere;
import org.apache.rocketmq.common.message.MessageExt;
import org.apache.rocketmq.common.message.MessageQueue;

/** Receives the messages of one run, whose id is their tag, into the ledger. */
final class Receiver implements AutoCloseable {
    private static final long ASSIGNMENT_POLL_MILLIS = 100;

    private final DefaultMQPushConsumer consumer;
    private final String run;
    private final Ledger ledger;

    /**
     * Starts at the timestamp that is the client's default, half an hour ago, where the group has no offset on a queue:
     * starting at the last offset would skip messages sent before a restarted broker is asked for it.
     */
    Receiver(Clients clients, String topic, String run, Ledger ledger) throws MQClientException {
        this.consumer = clients.consumer();
        this.run = run;
        this.ledger = ledger;
        consumer.setConsumeFromWhere(ConsumeFromWhere.CONSUME_FROM_TIMESTAMP);
        consumer.subscribe(topic, run);
        consumer.registerMessageListener(this::received);
        consumer.start();
    }

    private ConsumeConcurrentlyStatus received(List<MessageExt> messages, ConsumeConcurrentlyContext context) {
        long now = System.nanoTime();
        for (MessageExt message : messages) {
            if (run.equals(message.getTags())) {
                ledger.received(Integer.parseInt(new String(message.getBody(), StandardCharsets.US_ASCII)), now);
            }
        }
        return ConsumeConcurrentlyStatus.CONSUME_SUCCESS;
    }

    /** Wait until this consumer has been given all of the queues; deadline as of System.nanoTime(). */
    void awaitAssignment(List<MessageQueue> queues, long deadline) throws Failure, InterruptedException {
        while (true) {
            Set<MessageQueue> missing = new HashSet<>(queues);
            missing.removeAll(consumer.getDefaultMQPushConsumerImpl().getRebalanceImpl()
                .getProcessQueueTable().keySet());
            if (missing.isEmpty()) {
                return;
            }
            if (System.nanoTime() > deadline) {
                throw new Failure("consumer group " + consumer.getConsumerGroup() + " was not given " + missing.size()
                    + " of " + queues.size() + " queues, on " + Sender.brokers(new ArrayList<>(missing))
                    + "; perhaps another member of the group holds them");
            }
            TimeUnit.MILLISECONDS.sleep(ASSIGNMENT_POLL_MILLIS);
        }
    }

    @Override
    public void close() {
        consumer.shutdown();
    }
}

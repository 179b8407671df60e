package opskit.probe;

import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.TimeUnit;
import org.apache.rocketmq.client.exception.MQClientException;
import org.apache.rocketmq.client.producer.DefaultMQProducer;
import org.apache.rocketmq.client.producer.SendResult;
import org.apache.rocketmq.common.message.Message;
import org.apache.rocketmq.common.message.MessageQueue;

/** Sends numbered messages of one run, synchronously, and enters in the ledger what became of them. */
final class Sender implements AutoCloseable {
    private static final long ROUTE_RETRY_MILLIS = 500;

    private final DefaultMQProducer producer;
    private final String topic;
    private final String run;

    Sender(Clients clients, String topic, String run) throws MQClientException {
        this.producer = clients.producer();
        this.topic = topic;
        this.run = run;
        producer.start();
    }

    /** The topic's writable queues; waits for a route until the deadline (System.nanoTime()). */
    List<MessageQueue> route(long deadline) throws Failure, InterruptedException {
        while (true) {
            try {
                return producer.fetchPublishMessageQueues(topic);
            } catch (MQClientException error) {
                if (System.nanoTime() > deadline) {
                    throw new Failure("no route to topic " + topic + ": " + error.getErrorMessage(), error);
                }
                TimeUnit.MILLISECONDS.sleep(ROUTE_RETRY_MILLIS);
            }
        }
    }

    static Set<String> brokers(List<MessageQueue> queues) {
        Set<String> brokers = new TreeSet<>();
        queues.forEach(queue -> brokers.add(queue.getBrokerName()));
        return brokers;
    }

    /** Send message number `number` to the queue, or to one that the client chooses where it is null. */
    void send(int number, MessageQueue queue, Ledger ledger) {
        byte[] body = Integer.toString(number).getBytes(StandardCharsets.US_ASCII);
        Message message = new Message(topic, run, run + "-" + number, body);
        long start = System.nanoTime();
        Outcome outcome;
        try {
            SendResult result = queue == null ? producer.send(message) : producer.send(message, queue);
            outcome = Outcome.of(result.getSendStatus());
        } catch (Exception error) {
            outcome = Outcome.of(error);
            System.err.println("message " + number + ": " + outcome + ": " + error);
        }
        ledger.sent(number, outcome, System.nanoTime() - start);
    }

    @Override
    public void close() {
        producer.shutdown();
    }
}

package zoo;

import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import org.apache.rocketmq.client.consumer.DefaultMQPushConsumer;
import org.apache.rocketmq.client.consumer.listener.ConsumeConcurrentlyStatus;
import org.apache.rocketmq.client.consumer.listener.MessageListenerConcurrently;
import org.apache.rocketmq.client.producer.DefaultMQProducer;
import org.apache.rocketmq.common.message.Message;
import org.apache.rocketmq.common.message.MessageExt;

/** A service as sites have them: a producer that asks for routes, and where asked for, real messages both ways. */
public final class Service {
    private final Options options;
    private final Journal journal;

    private Service(Options options) {
        this.options = options;
        this.journal = new Journal(options.text("health", ""));
    }

    public static void main(String[] words) throws Exception {
        new Service(new Options(words)).start();
    }

    private void start() throws Exception {
        int sendEvery = options.number("send", 0);
        if (options.flag("consume")) {
            consumer().start();
        }
        ScheduledExecutorService clock = Executors.newScheduledThreadPool(2);
        Polls polls = new Polls(journal);
        DefaultMQProducer producer = producer(options.flag("poll-only") ? polls : null);
        producer.start();
        if (options.flag("poll-only")) {
            clock.scheduleWithFixedDelay(polls::lost, 1, 1, TimeUnit.SECONDS);
        } else {
            // MQAdminImpl waits 6 s for a route; the client's own poll, which this stands for, waits 3 s
            producer.getDefaultMQProducerImpl().getmQClientFactory().getMQAdminImpl()
                    .setTimeoutMillis(options.number("timeout", 3000));
            new Thread(() -> keepAsking(producer), "routes").start();
        }
        if (sendEvery > 0) {
            ExecutorService senders = Executors.newCachedThreadPool();
            clock.scheduleAtFixedRate(() -> senders.execute(() -> send(producer)), 0, sendEvery, TimeUnit.MILLISECONDS);
        }
    }

    private DefaultMQProducer producer(Polls polls) {
        DefaultMQProducer producer = new DefaultMQProducer(options.text("name", "zoo") + "-producer", polls);
        producer.setNamesrvAddr(options.text("nameservers", ""));
        producer.setPollNameServerInterval(options.number("poll", 30000));
        instance("producer", producer::setInstanceName);
        return producer;
    }

    private DefaultMQPushConsumer consumer() throws Exception {
        DefaultMQPushConsumer consumer = new DefaultMQPushConsumer(options.text("name", "zoo") + "-consumer");
        consumer.setNamesrvAddr(options.text("nameservers", ""));
        consumer.setPollNameServerInterval(options.number("poll", 30000));
        instance("consumer", consumer::setInstanceName);
        consumer.subscribe(options.text("topic", ""), options.text("name", "zoo"));
        consumer.registerMessageListener((MessageListenerConcurrently) (messages, context) -> {
            received(messages, context.getMessageQueue().getBrokerName());
            return ConsumeConcurrentlyStatus.CONSUME_SUCCESS;
        });
        return consumer;
    }

    /** shared: producer and consumer in one client instance; separate: in two; else as the release has it by default. */
    private void instance(String role, java.util.function.Consumer<String> name) {
        String wanted = options.text("instances", "default");
        if (!wanted.equals("default")) {
            String service = options.text("name", "zoo");
            name.accept(wanted.equals("shared") ? service : service + "-" + role);
        }
    }

    /** At each interval; a question that took longer is followed by the next one at once, and none is made up for. */
    private void keepAsking(DefaultMQProducer producer) {
        String topic = options.text("topic", "");
        try {
            while (true) {
                long began = System.nanoTime();
                journal.attempt("route", () -> producer.fetchPublishMessageQueues(topic).size() + " queues");
                Thread.sleep(Math.max(0, options.number("interval", 1000) - Journal.elapsed(began)));
            }
        } catch (InterruptedException told) {
            Thread.currentThread().interrupt();
        }
    }

    private void send(DefaultMQProducer producer) {
        Message message = new Message(options.text("topic", ""), options.text("name", "zoo"), new byte[] {'z'});
        journal.attempt("send", () -> producer.send(message).getMessageQueue().getBrokerName());
    }

    private void received(List<MessageExt> messages, String broker) {
        for (MessageExt message : messages) {
            journal.ok("consume", System.currentTimeMillis() - message.getBornTimestamp(), broker);
        }
    }
}

package opskit.probe;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.apache.rocketmq.common.message.MessageQueue;

/** Sends a number of messages over all queues of a topic and waits for every one of them. */
final class Smoke implements Verb {
    private static final long POLL_MILLIS = 20;

    private final Clients clients;
    private final String run;
    private final String topic;
    private final int messages;
    private final int timeoutSeconds;

    Smoke(List<String> arguments, String run) {
        Options options = new Options(arguments, "nameservers", "topic", "messages", "timeout-seconds", "group-prefix");
        this.run = run;
        topic = options.text("topic");
        messages = options.number("messages", 1000);
        timeoutSeconds = options.number("timeout-seconds", 60);
        clients = new Clients(
            options.text("nameservers"), options.text("group-prefix", "opskit"), "smoke", run);
    }

    @Override
    public boolean run(Output output) throws Exception {
        long start = System.nanoTime();
        long deadline = start + TimeUnit.SECONDS.toNanos(timeoutSeconds);
        Ledger ledger = new Ledger();
        try (Sender sender = new Sender(clients, topic, run)) {
            List<MessageQueue> queues = sender.route(deadline);
            try (Receiver receiver = new Receiver(clients, topic, run, ledger)) {
                receiver.awaitAssignment(queues, deadline);
                ledger.begin(System.nanoTime());
                while (ledger.attempted() < messages && System.nanoTime() < deadline) {
                    int number = ledger.attempt();
                    sender.send(number, queues.get(number % queues.size()), ledger);
                }
                while (ledger.lost() > 0 && System.nanoTime() < deadline) {
                    TimeUnit.MILLISECONDS.sleep(POLL_MILLIS);
                }
            }
            output.line(result(ledger, Sender.brokers(queues), System.nanoTime() - start));
        }
        return ledger.acknowledged() == messages && ledger.lost() == 0;
    }

    /** failed: not acknowledged, whatever the reason; messages that the deadline left unsent are not counted as sent. */
    private static Map<String, Object> result(Ledger ledger, Iterable<String> brokers, long nanos) throws Exception {
        Map<String, Object> result = new LinkedHashMap<>();
        result.put("sent", ledger.attempted());
        result.put("acknowledged", ledger.acknowledged());
        result.put("failed", ledger.attempted() - ledger.acknowledged());
        result.put("received", ledger.received());
        result.put("duplicates", ledger.duplicates());
        result.put("lost", ledger.lost());
        result.put("seconds", TimeUnit.NANOSECONDS.toMillis(nanos) / 1000.0);
        result.put("client", Clients.release());
        result.put("brokers", brokers);
        return result;
    }
}

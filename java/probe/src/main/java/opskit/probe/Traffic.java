package opskit.probe;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;
import org.apache.rocketmq.common.message.MessageQueue;

/**
 * Steady traffic until its time is over, stdin closes or SIGTERM comes; then the ledger.
 *
 * <p>A send starts at every interval however many have not returned, so that a hang does not slow the clock.
 */
final class Traffic implements Verb {
    private static final long POLL_MILLIS = 50;

    private final Clients clients;
    private final String run;
    private final String topic;
    private final int rate;
    private final Integer seconds;
    private final int drainSeconds;
    private final int readySeconds;
    private final Stop stop;

    Traffic(List<String> arguments, String run, Stop stop) {
        Options options = new Options(
            arguments, "nameservers", "topic", "rate", "seconds", "drain-seconds", "timeout-seconds", "group-prefix");
        this.run = run;
        this.stop = stop;
        topic = options.text("topic");
        rate = options.number("rate", 50);
        seconds = options.has("seconds") ? Integer.valueOf(options.number("seconds", 1)) : null;
        drainSeconds = options.number("drain-seconds", 10);
        readySeconds = options.number("timeout-seconds", 60);
        clients = new Clients(
            options.text("nameservers"), options.text("group-prefix", "opskit"), "traffic", run);
    }

    @Override
    public boolean run(Output output) throws Exception {
        if (seconds == null) {
            stop.whenInputEnds();
        }
        long ready = System.nanoTime() + TimeUnit.SECONDS.toNanos(readySeconds);
        Ledger ledger = new Ledger();
        try (Sender sender = new Sender(clients, topic, run)) {
            List<MessageQueue> queues = sender.route(ready);
            try (Receiver receiver = new Receiver(clients, topic, run, ledger)) {
                receiver.awaitAssignment(queues, ready);
                stop.onSignal();
                Map<String, Object> hello = event("ready");
                hello.put("client", Clients.release());
                hello.put("brokers", Sender.brokers(queues));
                output.line(hello);
                ledger.begin(System.nanoTime());
                keepSending(sender, ledger, output);
                drain(ledger);
            }
        }
        Map<String, Object> account = event("ledger");
        account.putAll(ledger.total());
        output.line(account);
        return ledger.lost() == 0;
    }

    private void keepSending(Sender sender, Ledger ledger, Output output) throws Exception {
        ScheduledExecutorService clock = Executors.newSingleThreadScheduledExecutor();
        ExecutorService sends = Executors.newCachedThreadPool();
        ScheduledFuture<?> ticks = clock.scheduleAtFixedRate(() -> {
            int number = ledger.attempt();
            sends.execute(() -> sender.send(number, null, ledger));
        }, 0, TimeUnit.SECONDS.toNanos(1) / rate, TimeUnit.NANOSECONDS);
        try {
            for (int second = 1; !stop.await(1) && (seconds == null || second < seconds); second++) {
                if (ticks.isDone()) {
                    ticks.get();
                }
                report(second, ledger, output);
            }
        } finally {
            clock.shutdownNow();
            sends.shutdown();
        }
        sends.awaitTermination(drainSeconds, TimeUnit.SECONDS);
        ledger.close(System.nanoTime());
    }

    private static void report(int second, Ledger ledger, Output output) {
        Map<String, Object> progress = event("progress");
        progress.put("second", second);
        progress.putAll(ledger.progress());
        output.line(progress);
    }

    private void drain(Ledger ledger) throws InterruptedException {
        long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(drainSeconds);
        while (ledger.lost() > 0 && System.nanoTime() < deadline) {
            TimeUnit.MILLISECONDS.sleep(POLL_MILLIS);
        }
    }

    private static Map<String, Object> event(String name) {
        Map<String, Object> event = new LinkedHashMap<>();
        event.put("event", name);
        return event;
    }
}

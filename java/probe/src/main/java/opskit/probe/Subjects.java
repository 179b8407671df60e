package opskit.probe;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.apache.rocketmq.client.exception.MQClientException;
import org.apache.rocketmq.common.message.MessageQueue;

/** All clients of one drill, several of which are started, attached or closed at a time. */
final class Subjects {
    /** Something done to each, several at a time. */
    private interface Action<T> {
        void on(T one) throws Exception;
    }

    private static final int HANDS = 8;
    private static final long POLL_MILLIS = 50;
    private static final int ATTACH_SECONDS = 40;

    private final DrillOptions options;
    private final Stop stop;
    private final List<Subject> all = new ArrayList<>();
    private final Set<MessageQueue> queues = new HashSet<>();

    Subjects(DrillOptions options, String run, History history, Stop stop) {
        this.options = options;
        this.stop = stop;
        for (String layout : options.layouts) {
            for (int number = 1; number <= options.clients; number++) {
                String name = options.name + "/" + layout + (options.clients > 1 ? "/" + number : "");
                all.add(new Subject(options, name, layout, run + "-" + all.size(), history));
            }
        }
    }

    /** Starts them; at the end every consumer holds every queue of the topic. deadline: of System.nanoTime(). */
    void open(long deadline) throws Exception {
        together(all.stream().flatMap(subject -> subject.posts().stream()), Post::open);
        await(deadline, this::routed);
        if (queues.isEmpty()) {
            throw new Failure("no route to topic " + options.topic + " with a queue on each of " + options.brokers);
        }
        if (!await(deadline, () -> all.stream().allMatch(subject -> subject.holds(queues)))) {
            throw new Failure("not all of the " + queues.size() + " queues were given to the consumer of "
                + names(all.stream().filter(subject -> !subject.holds(queues)))
                + "; perhaps another member of its group holds them");
        }
    }

    private boolean routed() {
        try {
            List<MessageQueue> route = all.get(0).application().producer().fetchPublishMessageQueues(options.topic);
            if (Sender.brokers(route).containsAll(options.brokers)) {
                queues.addAll(route);
            }
        } catch (MQClientException error) {
            System.err.println("route of " + options.topic + ": " + error);
        }
        return !queues.isEmpty();
    }

    /** Starts their operations; at the end every path had its first success. */
    void watch(Pacer pacer, long deadline) throws Failure, InterruptedException {
        for (int i = 0; i < all.size(); i++) {
            all.get(i).watch(pacer, (double) i / all.size(), queues);
        }
        if (!await(deadline, () -> paths().allMatch(Path::succeeded))) {
            throw new Failure("never succeeded: " + paths().filter(path -> !path.succeeded())
                .map(Path::plight).collect(Collectors.joining(", ")));
        }
        List<Subject> behind = settle(deadline);
        if (!behind.isEmpty()) {
            throw new Failure("acknowledged messages do not reach the consumer of " + names(behind.stream()));
        }
    }

    /** Waits until every consumer is up to date; those that are not by the deadline. */
    private List<Subject> settle(long deadline) throws Failure, InterruptedException {
        List<Subject> behind = new ArrayList<>(all);
        do {
            for (Iterator<Subject> rest = behind.iterator(); rest.hasNext();) {
                if (rest.next().settled()) {
                    rest.remove();
                }
            }
            if (stop.await(1)) {
                throw new Failure("told to stop before it was ready");
            }
        } while (!behind.isEmpty() && System.nanoTime() < deadline);
        return behind;
    }

    Stream<Path> paths() {
        return all.stream().flatMap(subject -> subject.paths().stream());
    }

    int unaccounted() {
        return all.stream().mapToInt(Subject::unaccounted).sum();
    }

    List<Map<String, Object>> where() throws Failure {
        List<Map<String, Object>> places = new ArrayList<>();
        for (Subject subject : all) {
            places.add(subject.where());
        }
        return places;
    }

    /** Attaches all long-lived instances to this nameserver; the names of the clients for which that failed. */
    List<String> attach(String nameserver) throws Exception {
        long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(ATTACH_SECONDS);
        if (options.nameserverList().contains(nameserver)) {
            together(all.stream().flatMap(subject -> subject.posts().stream()), post -> post.attach(nameserver));
            await(deadline, () -> all.stream().allMatch(subject -> subject.holds(queues)));
            all.forEach(Subject::settle);
        }
        List<Subject> behind = settle(deadline);
        List<String> failed = new ArrayList<>();
        for (Subject subject : all) {
            if (!subject.attachedTo(nameserver) || !subject.holds(queues) || behind.contains(subject)) {
                failed.add(subject.name());
            }
        }
        return failed;
    }

    /** What is in force; throws where an instance does not have what was asked for. */
    Map<String, Object> settings() throws Failure {
        Map<String, Object> inForce = new LinkedHashMap<>();
        for (Subject subject : all) {
            for (Post post : subject.posts()) {
                inForce.putAll(post.seat().settings());
            }
        }
        return inForce;
    }

    /** Each leaves its groups; what takes longer is left to the end of the JVM. */
    void close(int seconds) throws InterruptedException {
        Thread closing = new Thread(() -> {
            try {
                together(all.stream(), Subject::close);
            } catch (Exception error) {
                System.err.println("closing: " + error);
            }
        }, "closing");
        closing.setDaemon(true);
        closing.start();
        closing.join(TimeUnit.SECONDS.toMillis(seconds));
    }

    private static String names(Stream<Subject> subjects) {
        return subjects.map(Subject::name).collect(Collectors.joining(", "));
    }

    /** False where the deadline came first; throws where the drill is to stop. */
    private boolean await(long deadline, BooleanSupplier wish) throws Failure, InterruptedException {
        while (!wish.getAsBoolean()) {
            if (System.nanoTime() > deadline) {
                return false;
            }
            if (stop.awaitMillis(POLL_MILLIS)) {
                throw new Failure("told to stop before it was ready");
            }
        }
        return true;
    }

    private static <T> void together(Stream<T> things, Action<T> action) throws Exception {
        ExecutorService hands = Executors.newFixedThreadPool(HANDS);
        try {
            List<Future<?>> ends = things.map(one -> hands.submit(() -> {
                action.on(one);
                return null;
            })).collect(Collectors.toList());
            for (Future<?> end : ends) {
                end.get();
            }
        } catch (ExecutionException error) {
            throw error.getCause() instanceof Exception ? (Exception) error.getCause() : error;
        } finally {
            hands.shutdownNow();
        }
    }
}

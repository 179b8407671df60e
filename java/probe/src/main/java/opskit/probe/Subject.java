package opskit.probe;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import org.apache.rocketmq.client.consumer.listener.ConsumeConcurrentlyContext;
import org.apache.rocketmq.client.consumer.listener.ConsumeConcurrentlyStatus;
import org.apache.rocketmq.common.consumer.ConsumeFromWhere;
import org.apache.rocketmq.common.message.MessageExt;
import org.apache.rocketmq.common.message.MessageQueue;

/**
 * One client under test: an application with its producer and consumer, and the paths on which it is watched.
 *
 * <p>Route queries and sends to one broker have client instances of their own: on the application's, a route query that
 * times out would make it leave its nameserver before its own poll does, and a send that times out would close a
 * connection that its other sends and its consumer use.
 */
final class Subject implements AutoCloseable {
    private static final long SETTLE_NANOS = TimeUnit.SECONDS.toNanos(3);

    private final DrillOptions options;
    private final String name;
    private final String layout;
    private final String group;
    private final String tag;
    private final History history;
    private final Ledger ledger = new Ledger();
    private final Sending sending;
    private final Seat.Plan plan;
    private final List<Post> posts = new ArrayList<>();
    private final List<Path> paths = new ArrayList<>();
    private final Path deliveries;
    private Post producer;
    private long settlingFrom;
    private int mark;
    private Post router;
    private Post single;

    /** tag: short, of this client in this run only. */
    Subject(DrillOptions options, String name, String layout, String tag, History history) {
        this.options = options;
        this.name = name;
        this.layout = layout;
        this.tag = tag;
        this.history = history;
        group = (options.groupPrefix + "-drill-" + name).replaceAll("[^a-zA-Z0-9_-]", "-");
        plan = options.plan();
        sending = new Sending(options.topic, tag, ledger);
        deliveries = new Path(name, "consume", history);
        hold();
    }

    private void hold() {
        boolean consumes = options.has("consume");
        if (layout.equals("shared") && consumes) {
            producer = post("app", instance -> withConsumer(withProducer(instance)));
        } else {
            producer = post("producer", this::withProducer);
            if (consumes) {
                post("consumer", instance -> withConsumer(new Seat(plan, instance)));
            }
        }
        if (options.has("route")) {
            router = post("route", this::withProducer);
        }
        if (options.has("produce@")) {
            single = post("single", this::withProducer);
        }
        if (consumes) {
            paths.add(deliveries);
        }
    }

    private Post post(String role, Post.Recipe recipe) {
        Post post = new Post("opskit-" + tag + "-" + role, recipe);
        posts.add(post);
        return post;
    }

    private Seat withProducer(String instance) throws Exception {
        return new Seat(plan, instance).withProducer(group);
    }

    private Seat withConsumer(Seat seat) throws Exception {
        return seat.withConsumer(group, tag, ConsumeFromWhere.CONSUME_FROM_TIMESTAMP, this::delivered);
    }

    private ConsumeConcurrentlyStatus delivered(List<MessageExt> messages, ConsumeConcurrentlyContext context) {
        for (MessageExt message : messages) {
            Letter letter = Letter.of(message, tag);
            if (letter != null) {
                ledger.received(letter.number, System.nanoTime());
                Op op = deliveries.begin(letter.sentNanos);
                op.message = letter.number;
                op.ok();
            }
        }
        return ConsumeConcurrentlyStatus.CONSUME_SUCCESS;
    }

    /**
     * Starts every path but that of deliveries, which come by themselves. turn: from 0 to 1, so that the fresh
     * instances of many clients do not all start at once.
     */
    void watch(Pacer pacer, double turn, Set<MessageQueue> queues) {
        settle();
        if (options.has("produce")) {
            steadily(pacer, options.intervalMillis, "produce", sending.overAll(producer));
        }
        if (options.has("produce@")) {
            for (String broker : options.brokers) {
                Operation send = sending.inTurns(single, of(broker, queues));
                steadily(pacer, options.intervalMillis, "produce@" + broker, send);
            }
        }
        if (options.has("route")) {
            steadily(pacer, options.routeIntervalMillis, "route", op -> {
                router.seat().instance().queryRoute(options.topic);
                op.ok();
            });
        }
        if (options.has("bootstrap")) {
            String fresh = "opskit-" + tag + "-fresh";
            pacer.every(options.bootstrapIntervalMillis, turn, path("bootstrap@producer"), new FreshProducer(
                instance -> new Seat(plan, instance).withProducer(group + "-fresh"), fresh + "-producer", sending,
                options.bootstrapAttempts));
            pacer.every(options.bootstrapIntervalMillis, turn, path("bootstrap@consumer"), new FreshConsumer(
                plan, fresh + "-consumer", group + "-fresh", tag, pacer::stopped));
        }
    }

    private void steadily(Pacer pacer, int intervalMillis, String path, Operation operation) {
        pacer.every(intervalMillis, ThreadLocalRandom.current().nextDouble(), path(path), operation);
    }

    private Path path(String path) {
        Path made = new Path(name, path, history);
        paths.add(made);
        return made;
    }

    private List<MessageQueue> of(String broker, Set<MessageQueue> queues) {
        return queues.stream()
            .filter(queue -> queue.getBrokerName().equals(broker)).sorted().collect(Collectors.toList());
    }

    List<Post> posts() {
        return posts;
    }

    List<Path> paths() {
        return paths;
    }

    Seat application() {
        return producer.seat();
    }

    boolean holds(Set<MessageQueue> queues) {
        return posts.stream().allMatch(post -> post.holds(queues));
    }

    /** Its consumer is new: from now on it has to get up to date. */
    void settle() {
        settlingFrom = System.nanoTime();
        mark = -1;
    }

    /**
     * Whether its consumer is up to date: all that was acknowledged in the first seconds since settle() has arrived.
     *
     * <p>Asked again and again, it has a consumer that is not send a heartbeat: brokers refuse one whose subscription
     * they know in an older version, and where the heartbeat with the new one met another, the next is 30 s off.
     */
    boolean settled() throws Failure {
        if (!options.has("consume")) {
            return true;
        }
        if (System.nanoTime() - settlingFrom < SETTLE_NANOS) {
            return false;
        }
        mark = mark < 0 ? ledger.attempted() : mark;
        if (ledger.lost(mark) == 0) {
            return true;
        }
        for (Post post : posts) {
            post.seat().instance().heartbeat();
        }
        return false;
    }

    /** Acknowledged, but not yet received. */
    int unaccounted() {
        return options.has("consume") ? ledger.lost() : 0;
    }

    /** Which nameservers its long-lived instances are attached to. */
    Map<String, Object> where() throws Failure {
        Set<String> nameservers = new TreeSet<>();
        for (Post post : posts) {
            nameservers.add(post.nameserver());
        }
        Map<String, Object> where = new LinkedHashMap<>();
        where.put("name", name);
        where.put("layout", layout);
        where.put("nameservers", nameservers);
        return where;
    }

    boolean attachedTo(String nameserver) throws Failure {
        for (Post post : posts) {
            if (!post.nameserver().equals(nameserver)) {
                return false;
            }
        }
        return true;
    }

    String name() {
        return name;
    }

    @Override
    public void close() {
        posts.forEach(Post::close);
    }
}

package opskit.probe;

import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.apache.rocketmq.common.message.MessageQueue;

/** A place that one seat holds at a time: attaching to another nameserver means a new one, as a restart would. */
final class Post implements AutoCloseable {
    /** Makes the seat, not yet started, on a client instance of this name. */
    interface Recipe {
        Seat make(String instanceName) throws Exception;
    }

    private static final int MOST_TRIES = 30;
    private static final long RETURN_MILLIS = 500;

    private final String name;
    private final Recipe recipe;
    private int generation;
    private volatile Seat seat;

    Post(String name, Recipe recipe) {
        this.name = name;
        this.recipe = recipe;
    }

    Seat seat() {
        return seat;
    }

    void open() throws Exception {
        seat = next().start();
    }

    private Seat next() throws Exception {
        return recipe.make(name + "-" + generation++);
    }

    String nameserver() throws Failure {
        return seat.instance().nameserver();
    }

    /**
     * Makes new seats until one is attached to this nameserver; false where none is. The old consumer leaves before the
     * new one comes, so that it hands over its offsets; the old producer leaves when its sends have returned.
     */
    boolean attach(String nameserver) throws Exception {
        for (int tries = 0; tries < MOST_TRIES && !nameserver.equals(nameserver()); tries++) {
            Seat fresh = next();
            fresh.instance().chooseFirst(nameserver);
            Seat old = seat;
            old.stopConsuming();
            seat = fresh.start();
            TimeUnit.MILLISECONDS.sleep(RETURN_MILLIS);
            old.close();
        }
        return nameserver.equals(nameserver());
    }

    boolean holds(Set<MessageQueue> queues) {
        return seat.holds(queues);
    }

    @Override
    public void close() {
        if (seat != null) {
            seat.close();
        }
    }
}

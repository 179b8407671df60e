package opskit.probe;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.TimeUnit;

/** One path of one client: counts its operations, and has each of them written down once. Safe for many threads. */
final class Path {
    private final String client;
    private final String name;
    private final String recordHead;
    private final History history;
    private final Set<Op> outstanding = new HashSet<>();
    private final int[] ended = new int[Outcome.values().length];
    private int attempted;
    private Long lastOk;
    private Long lastFailed;
    private String lastError = "";

    Path(String client, String name, History history) {
        this.client = client;
        this.name = name;
        this.recordHead = "{\"kind\":\"op\",\"client\":" + Json.of(client) + ",\"path\":" + Json.of(name) + ",\"seq\":";
        this.history = history;
    }

    String client() {
        return client;
    }

    String name() {
        return name;
    }

    /** A record as far as all records of this path are alike. */
    String recordHead() {
        return recordHead;
    }

    /** An operation starts now. */
    Op begin() {
        return begin(System.nanoTime());
    }

    /** An operation that started then, as of System.nanoTime(). */
    Op begin(long start) {
        long age = System.nanoTime() - start;
        long wall = TimeUnit.MILLISECONDS.toNanos(System.currentTimeMillis()) - age;
        synchronized (this) {
            Op op = new Op(this, attempted++, start, wall);
            outstanding.add(op);
            return op;
        }
    }

    void end(Op op, Outcome outcome, String error) {
        long now = System.nanoTime();
        synchronized (this) {
            if (!outstanding.remove(op)) {
                return;
            }
            ended[outcome.ordinal()]++;
            if (outcome == Outcome.OK) {
                lastOk = now;
            } else {
                lastFailed = now;
                lastError = error;
            }
        }
        op.seal(now, outcome, error);
        history.add(op);
    }

    /** What has not returned will not be waited for: it may or may not come to something. */
    void abandon() {
        List<Op> left;
        synchronized (this) {
            left = new ArrayList<>(outstanding);
        }
        left.forEach(op -> op.end(Outcome.INDETERMINATE, "no answer"));
    }

    synchronized boolean succeeded() {
        return lastOk != null;
    }

    synchronized int outstanding() {
        return outstanding.size();
    }

    /** For a sentence about what keeps the drill from being ready. */
    synchronized String plight() {
        return client + " " + name + " (" + (lastError.isEmpty() ? attempted + " attempted" : lastError) + ")";
    }

    /** Counts so far. An operation that failed or is indeterminate moves last_failed_ns. */
    synchronized Map<String, Object> progress() {
        Map<String, Object> counts = new LinkedHashMap<>();
        counts.put("client", client);
        counts.put("path", name);
        counts.put("attempted", attempted);
        counts.put("ok", ended[Outcome.OK.ordinal()]);
        counts.put("failed", ended[Outcome.FAIL.ordinal()]);
        counts.put("indeterminate", ended[Outcome.INDETERMINATE.ordinal()]);
        counts.put("outstanding", outstanding.size());
        counts.put("last_ok_ns", lastOk);
        counts.put("last_failed_ns", lastFailed);
        return counts;
    }
}

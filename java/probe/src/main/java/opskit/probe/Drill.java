package opskit.probe;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Paths;
import java.time.Instant;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;

/**
 * Watches every path of its clients and writes each operation down, until told to stop or its longest time is over.
 *
 * <p>It judges nothing. The history stays on this host, where its controller fetches it.
 */
final class Drill implements Verb {
    private static final int QUIET_SECONDS = 35;
    private static final int CLOSE_SECONDS = 10;

    private final DrillOptions options;
    private final String run;
    private final Stop stop;
    private volatile boolean isReady;

    Drill(List<String> arguments, String run, Stop stop) {
        options = new DrillOptions(arguments);
        this.run = run;
        this.stop = stop;
    }

    @Override
    public boolean run(Output output) throws Exception {
        stop.onSignal();
        long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(options.readySeconds);
        Pacer pacer = new Pacer();
        History history = new History(options.history);
        Subjects subjects = new Subjects(options, run, history, stop);
        try {
            Commands.listen(words -> command(words, subjects, pacer, output));
            subjects.open(deadline);
            subjects.watch(pacer, deadline);
            Map<String, Object> ready = ready(subjects);
            isReady = true;
            output.line(ready);
            report(subjects, pacer, history, output);
        } finally {
            pacer.stop();
            subjects.paths().forEach(Path::abandon);
            history.close();
        }
        history.check();
        Map<String, Object> done = event("done");
        done.put("records", history.records());
        output.line(done);
        subjects.close(CLOSE_SECONDS);
        return true;
    }

    private Map<String, Object> ready(Subjects subjects) throws Exception {
        Map<String, Object> ready = event("ready");
        ready.put("client", Clients.release());
        ready.put("boot_id", bootId());
        ready.put("clients", subjects.where());
        ready.put("settings", subjects.settings());
        return ready;
    }

    private static String bootId() throws IOException {
        byte[] id = Files.readAllBytes(Paths.get("/proc/sys/kernel/random/boot_id"));
        return new String(id, StandardCharsets.US_ASCII).trim();
    }

    private void report(Subjects subjects, Pacer pacer, History history, Output output) throws Exception {
        for (int second = 0; second < options.maxSeconds && !stop.await(1); second++) {
            history.check();
            pacer.check();
            Map<String, Object> progress = event("progress");
            progress.put("mono_ns", System.nanoTime());
            progress.put("paths", subjects.paths().map(Path::progress).collect(Collectors.toList()));
            progress.put("unaccounted", subjects.unaccounted());
            output.line(progress);
        }
    }

    private void command(String[] words, Subjects subjects, Pacer pacer, Output output) {
        String line = String.join(" ", words);
        if (line.equals("stop")) {
            stop.want();
        } else if (!isReady) {
            output.line(refused(line, "it is not ready, and knows stop only until then"));
        } else if (line.matches("clock [0-9]{1,9}")) {
            output.line(clock(Integer.parseInt(words[1])));
        } else if (line.equals("where")) {
            aside(output, () -> attached(subjects, Collections.emptyList()));
        } else if (line.matches("attach \\S+")) {
            aside(output, () -> attached(subjects, subjects.attach(words[1])));
        } else if (line.equals("stop-sending")) {
            pacer.stop();
            aside(output, () -> quiet(subjects, pacer));
        } else {
            output.line(refused(line, "clock N, where, attach IP:PORT, stop-sending and stop are known"));
        }
    }

    /** Something that takes its time, while further commands are heard. */
    private interface Answer {
        Map<String, Object> get() throws Exception;
    }

    private static void aside(Output output, Answer answer) {
        Thread thread = new Thread(() -> {
            try {
                output.line(answer.get());
            } catch (Throwable error) {
                output.line(refused("", Op.describe(error)));
            }
        }, "answer");
        thread.setDaemon(true);
        thread.start();
    }

    private static Map<String, Object> clock(int id) {
        Map<String, Object> clock = event("clock");
        clock.put("id", id);
        Instant wall = Instant.now();
        clock.put("mono_ns", System.nanoTime());
        clock.put("wall_ns", TimeUnit.SECONDS.toNanos(wall.getEpochSecond()) + wall.getNano());
        return clock;
    }

    private static Map<String, Object> attached(Subjects subjects, List<String> failed) throws Failure {
        Map<String, Object> attached = event("attached");
        attached.put("clients", subjects.where());
        attached.put("failed", failed);
        return attached;
    }

    private static Map<String, Object> quiet(Subjects subjects, Pacer pacer) throws InterruptedException {
        pacer.awaitQuiet(QUIET_SECONDS);
        Map<String, Object> quiet = event("quiet");
        quiet.put("unaccounted", subjects.unaccounted());
        return quiet;
    }

    private static Map<String, Object> refused(String command, String reason) {
        Map<String, Object> refused = event("refused");
        refused.put("command", command);
        refused.put("reason", reason);
        return refused;
    }

    private static Map<String, Object> event(String name) {
        Map<String, Object> event = new LinkedHashMap<>();
        event.put("event", name);
        return event;
    }
}

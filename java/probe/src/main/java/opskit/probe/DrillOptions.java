package opskit.probe;

import java.util.Arrays;
import java.util.List;

/** The command line of a drill. */
final class DrillOptions {
    private static final List<String> PATHS = Arrays.asList("produce", "produce@", "consume", "route", "bootstrap");
    private static final List<String> LAYOUTS = Arrays.asList("shared", "separate");

    final String nameservers;
    final String topic;
    final List<String> brokers;
    final String name;
    final List<String> layouts;
    final int clients;
    final int intervalMillis;
    final int routeIntervalMillis;
    final int bootstrapIntervalMillis;
    final int bootstrapAttempts;
    final String history;
    final int maxSeconds;
    final int readySeconds;
    final String groupPrefix;
    final Settings settings;
    private final List<String> paths;

    DrillOptions(List<String> arguments) {
        Options options = new Options(arguments, "nameservers", "topic", "brokers", "name", "layouts", "clients",
            "interval-ms", "route-interval-ms", "bootstrap-interval-ms", "bootstrap-attempts", "paths", "history",
            "set", "max-seconds", "timeout-seconds", "group-prefix");
        nameservers = options.text("nameservers");
        topic = options.text("topic");
        brokers = options.list("brokers", "");
        name = options.text("name");
        layouts = known(options, "layouts", LAYOUTS);
        clients = options.number("clients", 1);
        intervalMillis = options.number("interval-ms", 200);
        routeIntervalMillis = options.number("route-interval-ms", 1000);
        bootstrapIntervalMillis = options.number("bootstrap-interval-ms", 10_000);
        bootstrapAttempts = options.number("bootstrap-attempts", 1);
        paths = known(options, "paths", PATHS);
        history = options.text("history");
        maxSeconds = options.number("max-seconds", 900);
        readySeconds = options.number("timeout-seconds", 60);
        groupPrefix = options.text("group-prefix", "opskit");
        settings = new Settings(options.text("set", ""));
        if (has("produce@") && brokers.isEmpty()) {
            throw new Options.UsageError("the path produce@ needs --brokers");
        }
        if ((has("consume") || has("bootstrap")) && !has("produce") && !has("produce@")) {
            throw new Options.UsageError("the paths consume and bootstrap receive what produce or produce@ send");
        }
    }

    private static List<String> known(Options options, String name, List<String> words) {
        List<String> given = options.list(name, String.join(",", words));
        if (given.isEmpty() || !words.containsAll(given)) {
            throw new Options.UsageError(
                "--" + name + " takes " + String.join(",", words) + ", not " + options.text(name));
        }
        return given;
    }

    List<String> nameserverList() {
        return Arrays.asList(nameservers.split(";"));
    }

    boolean has(String path) {
        return paths.contains(path);
    }

    Seat.Plan plan() {
        return new Seat.Plan(nameservers, topic, settings);
    }
}

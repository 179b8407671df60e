package opskit.probe;

import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.ThreadLocalRandom;

/**
 * opskit's probe: smoke, traffic and drill with the official client, JSON lines on stdout.
 *
 * <p>Exit codes: 0 holds, 1 does not hold, 2 wrong usage, 3 could not be judged (an "error" line says why).
 */
public final class Main {
    private static final int UNJUDGED = 3;

    private Main() {
    }

    public static void main(String[] arguments) {
        Output output = Output.takeStdout();
        Stop stop = new Stop();
        int code = UNJUDGED;
        try {
            code = run(Arrays.asList(arguments), output, stop);
        } finally {
            // in any case: the client's threads would keep the JVM
            stop.exit(code);
        }
    }

    private static int run(List<String> arguments, Output output, Stop stop) {
        try {
            return verb(arguments, stop).run(output) ? 0 : 1;
        } catch (Options.UsageError error) {
            System.err.println("opskit probe: " + error.getMessage());
            return 2;
        } catch (Throwable error) {
            // out of memory or threads, or a client whose classes do not fit, is no answer either
            output.line(Collections.singletonMap("error", error instanceof Failure ? error.getMessage() : error));
            return UNJUDGED;
        }
    }

    private static Verb verb(List<String> arguments, Stop stop) {
        String name = arguments.isEmpty() ? "" : arguments.get(0);
        String run = String.format("%x%04x", System.currentTimeMillis(), ThreadLocalRandom.current().nextInt(1 << 16));
        List<String> rest = arguments.subList(Math.min(1, arguments.size()), arguments.size());
        switch (name) {
            case "smoke":
                return new Smoke(rest, run);
            case "traffic":
                return new Traffic(rest, run, stop);
            case "drill":
                return new Drill(rest, run, stop);
            default:
                throw new Options.UsageError("usage: smoke|traffic|drill --nameservers A;B --topic T …, not " + name);
        }
    }
}

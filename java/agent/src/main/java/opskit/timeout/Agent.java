package opskit.timeout;

import java.lang.instrument.Instrumentation;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;

/**
 * Makes the clients of this JVM leave a nameserver that no longer answers. Loaded at start or into a running JVM with
 * the text that Options reads; leaves its Report in the system property opskit.agent.report. Nothing that goes wrong in
 * here reaches the application, whose start an exception of premain would end: it is told in the report.
 */
public final class Agent {
    private static Rewriter rewriter;

    private Agent() {
    }

    /** Before the application's main. */
    public static void premain(String options, Instrumentation jvm) {
        act(options, jvm);
    }

    /** In a running JVM; the verb is done and reported when this returns. */
    public static void agentmain(String options, Instrumentation jvm) {
        act(options, jvm);
    }

    private static synchronized void act(String text, Instrumentation jvm) {
        List<String> errors = Collections.synchronizedList(new ArrayList<>());
        String verb = null;
        Loaded loaded = null;
        try {
            Options options = Options.of(text);
            verb = options.verb;
            if (rewriter == null) {
                rewriter = new Rewriter(jvm);
            }
            obey(options, new Switch(jvm, rewriter, errors));
            loaded = new Loaded(jvm);
            for (String trouble : rewriter.troubles()) {
                errors.add(trouble);
            }
        } catch (IllegalArgumentException error) {
            errors.add(error.getMessage() + ": nothing was changed");
        } catch (Throwable error) {
            errors.add("the agent failed: " + error);
        }
        publish(verb, Options.id(text), loaded, errors);
    }

    private static void publish(String verb, String id, Loaded loaded, List<String> errors) {
        String report;
        try {
            report = Report.of(verb, id, loaded, errors);
        } catch (Throwable error) {
            report = Report.of(verb, id, null, Collections.singletonList("the report failed: " + error));
        }
        System.setProperty(Memory.REPORT, report);
    }

    private static void obey(Options options, Switch clients) {
        if (options.verb.equals(Options.ON)) {
            clients.on(options.mode);
        } else if (options.verb.equals(Options.OFF)) {
            clients.off();
            clients.restoreLatencyFault();
        }
        if (options.latencyFault != null && !options.verb.equals(Options.REPORT)) {
            clients.latencyFault(options.latencyFault);
        }
    }
}

package opskit.probe;

import java.io.PrintStream;
import java.util.Map;

/** The probe's real stdout: whole JSON lines only, one at a time. */
final class Output {
    private final PrintStream stream;

    private Output(PrintStream stream) {
        this.stream = stream;
    }

    /** Takes stdout for the probe: whatever the client and its logging print from now on goes to stderr. */
    static Output takeStdout() {
        Output output = new Output(System.out);
        System.setOut(System.err);
        return output;
    }

    synchronized void line(Map<String, Object> object) {
        stream.println(Json.of(object));
        stream.flush();
    }
}

package zoo;

/** An agent that does nothing: it stands for the monitoring that many services have in JAVA_TOOL_OPTIONS already. */
public final class Idle {
    private Idle() {
    }

    public static void premain(String options) {
        System.setProperty("zoo.idle.agent", String.valueOf(options));
    }
}

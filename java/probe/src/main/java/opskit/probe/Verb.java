package opskit.probe;

/** One command of the probe. */
interface Verb {
    /** Writes JSON lines; true where what was asked holds. Throws Failure where that could not be judged. */
    boolean run(Output output) throws Exception;
}

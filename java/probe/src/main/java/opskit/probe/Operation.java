package opskit.probe;

/** What a path does at every interval. */
interface Operation {
    /** Does it once and ends the op; clearing up may follow. What it throws ends the op as a failure. */
    void run(Op op) throws Exception;
}

package opskit.probe;

/** Starts a brand-new producer and sends one message with it, as an application that has just been started. */
final class FreshProducer implements Operation {
    private final Post.Recipe recipe;
    private final String name;
    private final Sending sending;
    private final int attempts;

    FreshProducer(Post.Recipe recipe, String name, Sending sending, int attempts) {
        this.recipe = recipe;
        this.name = name;
        this.sending = sending;
        this.attempts = attempts;
    }

    @Override
    public void run(Op op) throws Exception {
        try (Seat seat = recipe.make(name + "-" + op.seq)) {
            op.via = seat.instance().nameserver();
            try {
                seat.start();
                sending.send(op, seat.producer(), null, attempts);
            } catch (Exception error) {
                op.fail(Outcome.FAIL, error); // before the seat is closed, which may take seconds
            }
        }
    }
}

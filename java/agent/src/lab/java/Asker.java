import java.io.BufferedReader;
import java.io.InputStreamReader;
import org.apache.rocketmq.client.consumer.DefaultMQPushConsumer;
import org.apache.rocketmq.client.consumer.listener.ConsumeConcurrentlyStatus;
import org.apache.rocketmq.client.consumer.listener.MessageListenerConcurrently;
import org.apache.rocketmq.client.impl.factory.MQClientInstance;
import org.apache.rocketmq.client.producer.DefaultMQProducer;
import org.apache.rocketmq.remoting.protocol.RemotingCommand;

/**
 * A client for the agent's tests: asks its nameserver for a route each second and prints how that went, one line each.
 * Arguments: nameservers, names of producers; each has a client instance of its own, but for that named "shared", which
 * has its instance together with a consumer. On stdin: "new NAME" starts one more, "broker ADDRESS" asks a broker once.
 */
public final class Asker {
    private static final int GET_ROUTEINFO_BY_TOPIC = 105;
    private static final long BEGAN = System.nanoTime();
    private static MQClientInstance first;

    private Asker() {
    }

    public static void main(String[] words) throws Exception {
        for (int i = 1; i < words.length; i++) {
            start(words[0], words[i]);
        }
        say("ready");
        BufferedReader commands = new BufferedReader(new InputStreamReader(System.in));
        for (String line = commands.readLine(); line != null; line = commands.readLine()) {
            String[] command = line.split(" ");
            if (command[0].equals("new")) {
                start(words[0], command[1]);
                say("started " + command[1]);
            } else {
                say("broker " + ask(first, command[1], 1000));
            }
        }
        System.exit(0);
    }

    private static void start(String nameservers, String name) throws Exception {
        DefaultMQProducer producer = new DefaultMQProducer(name + "-producers");
        producer.setNamesrvAddr(nameservers);
        producer.setInstanceName(name);
        producer.start();
        if (name.equals("shared")) {
            DefaultMQPushConsumer consumer = new DefaultMQPushConsumer(name + "-consumers");
            consumer.setNamesrvAddr(nameservers);
            consumer.setInstanceName(name);
            consumer.registerMessageListener(
                (MessageListenerConcurrently) (messages, context) -> ConsumeConcurrentlyStatus.CONSUME_SUCCESS);
            consumer.start();
        }
        MQClientInstance instance = producer.getDefaultMQProducerImpl().getmQClientFactory();
        first = first == null ? instance : first;
        Thread thread = new Thread(() -> ask(name, instance), "ask-" + name);
        thread.setDaemon(true);
        thread.start();
    }

    private static void ask(String name, MQClientInstance instance) {
        while (true) {
            say(name + " " + ask(instance, null, 3000));
            try {
                Thread.sleep(1000);
            } catch (InterruptedException end) {
                return;
            }
        }
    }

    /** A question for a route, as the client asks it; address: null for the nameserver. ok is an answer of any kind. */
    private static String ask(MQClientInstance instance, String address, long timeoutMillis) {
        RemotingCommand request = RemotingCommand.createRequestCommand(GET_ROUTEINFO_BY_TOPIC, null);
        request.addExtField("topic", "no-such-topic");
        try {
            instance.getMQClientAPIImpl().getRemotingClient().invokeSync(address, request, timeoutMillis);
            return "ok";
        } catch (Exception error) {
            return error.getClass().getSimpleName();
        }
    }

    private static synchronized void say(String words) {
        System.out.printf("%.3f %s%n", (System.nanoTime() - BEGAN) / 1e9, words);
        System.out.flush();
    }
}

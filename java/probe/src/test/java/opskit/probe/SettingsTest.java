package opskit.probe;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.apache.rocketmq.client.consumer.DefaultMQPushConsumer;
import org.apache.rocketmq.client.producer.DefaultMQProducer;
import org.apache.rocketmq.remoting.netty.NettyClientConfig;
import org.junit.jupiter.api.Test;

class SettingsTest {
    private static String complaint(String text) {
        return assertThrows(Options.UsageError.class, () -> new Settings(text)).getMessage();
    }

    @Test
    void eachGoesToWhicheverHasIt() throws Exception {
        Settings settings = new Settings(
            "sendMsgTimeout=1500; pollNameServerInterval=5000;clientCloseSocketIfTimeout=true");
        DefaultMQProducer producer = new DefaultMQProducer("g");
        DefaultMQPushConsumer consumer = new DefaultMQPushConsumer("g");
        NettyClientConfig connection = new NettyClientConfig();
        settings.applyTo(producer);
        settings.applyTo(consumer);
        settings.applyTo(connection);
        assertEquals(1500, producer.getSendMsgTimeout());
        assertEquals(5000, producer.getPollNameServerInterval());
        assertEquals(5000, consumer.getPollNameServerInterval());
        assertTrue(connection.isClientCloseSocketIfTimeout());
    }

    @Test
    void anArrayHasCommasInBetween() throws Exception {
        Settings settings = new Settings("notAvailableDuration=0,0,10,30,60,90,120");
        DefaultMQProducer producer = new DefaultMQProducer("g");
        settings.applyTo(producer);
        assertEquals(120, producer.getNotAvailableDuration()[6]);
        settings.verify(producer);
    }

    @Test
    void whatDecidesAboutRecoveryIsShownWhetherSetOrNot() throws Exception {
        assertEquals(30_000, new Settings("").inForce(new DefaultMQProducer("g")).get("heartbeatBrokerInterval"));
        assertFalse(new Settings("").inForce(new DefaultMQProducer("g")).containsKey("compressMsgBodyOverHowmuch"));
    }

    @Test
    void aSettingThatIsNotInForceIsNamed() {
        Settings settings = new Settings("sendMsgTimeout=1500");
        Failure failure = assertThrows(Failure.class, () -> settings.verify(new DefaultMQProducer("g")));
        assertEquals("the setting sendMsgTimeout=1500 is not in force in DefaultMQProducer, which has 3000",
            failure.getMessage());
    }

    @Test
    void aWrongSettingIsNamed() {
        assertEquals("--set: no producer, consumer or connection of this release has a sendTimeout",
            complaint("sendTimeout=1"));
        assertEquals("--set: sendMsgTimeout must be a whole number, not 3s", complaint("sendMsgTimeout=3s"));
        assertEquals("--set: sendLatencyFaultEnable must be of type boolean, not yes",
            complaint("sendLatencyFaultEnable=yes"));
        assertEquals("--set: instanceName is for the probe to choose", complaint("instanceName=x"));
        assertEquals("--set needs name=value;name=value, not sendMsgTimeout", complaint("sendMsgTimeout"));
    }
}

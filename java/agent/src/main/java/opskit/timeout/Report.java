package opskit.timeout;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** What is in force, read from the live clients; it changes nothing. */
final class Report {
    private Report() {
    }

    /** One line of JSON; docs/agent.md says what it holds. */
    static String of(String verb, String id, Loaded loaded, List<String> errors) {
        List<Client> clients = loaded == null ? new ArrayList<>() : loaded.clients(errors);
        List<Map<String, Object>> instances = new ArrayList<>();
        for (Client client : clients) {
            try {
                instances.add(instance(client));
            } catch (ReflectiveOperationException | RuntimeException | LinkageError error) {
                errors.add("client " + client.id + " of " + client.family + " cannot be read: " + error);
            }
        }
        Map<String, Object> report = new LinkedHashMap<>();
        report.put("agent", Memory.build());
        report.put("id", id);
        report.put("verb", verb);
        report.put("mode", Memory.mode() == null ? null : Memory.mode().word());
        report.put("new_instances", loaded == null ? null : newInstances(loaded.families, clients, errors));
        report.put("instances", instances);
        report.put("errors", errors);
        return Json.of(report);
    }

    private static Map<String, Object> instance(Client client) throws ReflectiveOperationException {
        Map<String, Client.Producer> producers = client.producers();
        Set<String> consumers = client.consumers();
        Map<String, Object> instance = new LinkedHashMap<>();
        instance.put("client_id", client.id);
        instance.put("release", client.family.release());
        instance.put("package", client.family.name);
        instance.put("value", client.closesNameserver());
        instance.put("every", client.closesEvery());
        instance.put("constructed", client.constructed(Memory.mode()));
        instance.put("nameserver", client.nameserver());
        instance.put("nameservers", client.nameservers());
        instance.put("producers", producers.keySet());
        instance.put("consumers", consumers);
        instance.put("shared", !producers.isEmpty() && !consumers.isEmpty());
        instance.put("latency_fault", latencyFault(producers.values()));
        return instance;
    }

    /** Whether all have it; null where there is no producer. */
    private static Boolean latencyFault(Iterable<Client.Producer> producers) throws ReflectiveOperationException {
        Boolean all = null;
        for (Client.Producer producer : producers) {
            all = (all == null || all) && producer.latencyFault();
        }
        return all;
    }

    /** Whether clients made from now on, of any family, leave a nameserver that times out; null where none is known. */
    private static Boolean newInstances(List<Family> families, List<Client> clients, List<String> errors) {
        Boolean all = null;
        for (Family family : families) {
            try {
                Boolean closes = family.nameserversOnly() ? Boolean.TRUE : fresh(family, clients);
                if (closes == null || !closes) {
                    return closes;
                }
                all = true;
            } catch (ReflectiveOperationException | RuntimeException | LinkageError error) {
                errors.add("what later clients of " + family + " will do cannot be told: " + error);
                return null;
            }
        }
        return all;
    }

    /** The field of a config made now. One is made only where a client lives: it would initialise classes too early. */
    private static Boolean fresh(Family family, List<Client> clients) throws ReflectiveOperationException {
        for (Client client : clients) {
            if (client.family == family) {
                Object config = family.config.getDeclaredConstructor().newInstance();
                return Mirror.is(config, "isClientCloseSocketIfTimeout");
            }
        }
        boolean changed = Memory.holds(Memory.Kind.CHANGED, Family.key(family.config));
        return Family.byConstant(family.setting) ? changed || family.setting == Setting.ON : null;
    }
}

// A second verifier of the mark, for whoever puts one into a phone or a store: one file, nothing but JDK 17.
//
// Written from docs/reference/mark-format.md; section names below are those of that page. It shares no code with the first verifier, and
// both are held to the same vectors (tests/mark). What it leaves to the platform: whether a v1 (JAR) signature holds, and digests of
// Merkle trees (verity). Signatures of schemes v2, v3 and v3.1 it checks itself.
//
//     java Verify.java --root root.note --now 1795000000 --status status.note app.apk
//
// It prints the state, and the reason of a refusal. Exit code: 0 valid, 1 valid-status-stale, 9 anything else.

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.math.BigInteger;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.MessageDigest;
import java.security.PublicKey;
import java.security.Signature;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.security.spec.MGF1ParameterSpec;
import java.security.spec.PSSParameterSpec;
import java.security.spec.X509EncodedKeySpec;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Pattern;
import java.util.zip.CRC32;
import java.util.zip.DataFormatException;
import java.util.zip.Inflater;

public final class Verify {
    static final int PAIR = 0x6b6d7941, V2 = 0x7109871a, V3 = 0xf05368c0, V31 = 0x1b93ad61;
    static final int LARGEST = 65_536;
    static final long LEEWAY = 300, YEAR = 366 * 86_400L;
    static final String INSPECTION = "urn:x-assaymark:inspection:v1";
    static final String DERIVED = "urn:x-assaymark:derived:v1";
    static final String DISTRIBUTION = "urn:x-assaymark:distribution:v1";

    /** Something that does not hold. The reason is one of docs/reference/exit-codes.md. */
    static final class Refused extends RuntimeException {
        final String reason;

        Refused(String reason) {
            super(reason, null, false, false);
            this.reason = reason;
        }
    }

    /** Something that is not of its form; each caller names what it was reading. */
    static final class Malformed extends RuntimeException {
        Malformed(String detail) {
            super(detail, null, false, false);
        }
    }

    static void need(boolean holds, String detail) {
        if (!holds) throw new Malformed(detail);
    }

    interface Reading<T> {
        T read();
    }

    /** Reads something; what is not of its form becomes a refusal with this reason. */
    static <T> T form(String reason, Reading<T> reading) {
        try {
            return reading.read();
        } catch (Malformed | IndexOutOfBoundsException | java.nio.BufferUnderflowException error) {
            throw new Refused(reason);
        }
    }

    // --- Conventions --------------------------------------------------------------------------------------------------------------

    static String utf8(byte[] bytes) {
        try {
            return StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(bytes)).toString();
        } catch (CharacterCodingException error) {
            throw new Malformed("not UTF-8");
        }
    }

    static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    static byte[] base64(String text) {
        try {
            byte[] content = Base64.getDecoder().decode(text);
            need(Base64.getEncoder().encodeToString(content).equals(text), "base64 is not canonical");
            return content;
        } catch (IllegalArgumentException error) {
            throw new Malformed("not base64");
        }
    }

    static long decimal(String text) {
        need(text.matches("0|[1-9][0-9]{0,18}"), "not a decimal");
        BigInteger number = new BigInteger(text);
        need(number.bitLength() <= 63, "a decimal beyond 2^63");
        return number.longValueExact();
    }

    static String hex(byte[] bytes) {
        return HexFormat.of().formatHex(bytes);
    }

    static byte[] join(byte[]... parts) {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        for (byte[] part : parts) out.writeBytes(part);
        return out.toByteArray();
    }

    static byte[] hash(String algorithm, byte[]... parts) {
        if (algorithm.equals("SM3")) return Sm.sm3(join(parts));
        try {
            MessageDigest digest = MessageDigest.getInstance(algorithm);
            for (byte[] part : parts) digest.update(part);
            return digest.digest();
        } catch (GeneralSecurityException error) {
            throw new IllegalStateException(error);
        }
    }

    static byte[] sha256(byte[]... parts) {
        return hash("SHA-256", parts);
    }

    static ByteBuffer little(byte[] bytes) {
        return ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
    }

    static byte[] u32(long number) {
        return ByteBuffer.allocate(4).order(ByteOrder.LITTLE_ENDIAN).putInt((int) number).array();
    }

    /** Strict JSON: objects are maps, arrays lists, numbers Long; null is null. */
    static final class Json {
        private final String text;
        private int at;

        private Json(String text) {
            this.text = text;
        }

        static Object parse(String text) {
            Json json = new Json(text);
            Object value = json.value(1);
            json.space();
            need(json.at == text.length(), "more after the JSON value");
            return value;
        }

        private char next() {
            need(at < text.length(), "JSON ends early");
            return text.charAt(at);
        }

        private void space() {
            while (at < text.length() && " \t\n\r".indexOf(text.charAt(at)) >= 0) at++;
        }

        private Object value(int depth) {
            space();
            char sign = next();
            need(depth <= 33 && (depth <= 32 || (sign != '{' && sign != '[')), "JSON is too deep");
            if (sign == '{') return object(depth);
            if (sign == '[') return array(depth);
            if (sign == '"') return string();
            for (String word : List.of("true", "false", "null")) {
                if (text.startsWith(word, at)) {
                    at += word.length();
                    return word.equals("null") ? null : (Object) word.equals("true");
                }
            }
            int start = at;
            while (at < text.length() && "+-.0123456789eE".indexOf(text.charAt(at)) >= 0) at++;
            String number = text.substring(start, at);
            need(number.matches("-?(0|[1-9][0-9]{0,15})"), "not an integer");
            long parsed = Long.parseLong(number);
            need(Math.abs(parsed) < 1L << 53, "an integer beyond 2^53");
            return parsed;
        }

        private Map<String, Object> object(int depth) {
            Map<String, Object> members = new LinkedHashMap<>();
            at++;
            space();
            if (next() == '}') {
                at++;
                return members;
            }
            while (true) {
                space();
                need(next() == '"', "no name of a member");
                String name = string();
                space();
                need(next() == ':', "no value of a member");
                at++;
                need(!members.containsKey(name), "a member twice");
                members.put(name, value(depth + 1));
                space();
                char end = next();
                at++;
                if (end == '}') return members;
                need(end == ',', "no comma");
            }
        }

        private List<Object> array(int depth) {
            List<Object> items = new ArrayList<>();
            at++;
            space();
            if (next() == ']') {
                at++;
                return items;
            }
            while (true) {
                items.add(value(depth + 1));
                space();
                char end = next();
                at++;
                if (end == ']') return items;
                need(end == ',', "no comma");
            }
        }

        private String string() {
            StringBuilder out = new StringBuilder();
            at++;
            while (true) {
                char sign = next();
                at++;
                if (sign == '"') {
                    need(!unpaired(out.toString()), "half a surrogate pair");
                    return out.toString();
                }
                need(sign >= ' ', "a control character");
                if (sign != '\\') {
                    out.append(sign);
                    continue;
                }
                char kind = next();
                at++;
                int plain = "\"\\/bfnrt".indexOf(kind);
                if (plain >= 0) {
                    out.append("\"\\/\b\f\n\r\t".charAt(plain));
                    continue;
                }
                need(kind == 'u' && at + 4 <= text.length(), "an unknown escape");
                String digits = text.substring(at, at + 4);
                need(digits.matches("[0-9a-fA-F]{4}"), "an unknown escape");
                out.append((char) Integer.parseInt(digits, 16));
                at += 4;
            }
        }
    }

    static boolean unpaired(String text) {
        return !new String(bytes(text), StandardCharsets.UTF_8).equals(text);
    }

    @SuppressWarnings("unchecked")
    static Map<String, Object> object(Object value) {
        need(value instanceof Map, "not an object");
        return (Map<String, Object>) value;
    }

    @SuppressWarnings("unchecked")
    static List<Object> list(Object value, int least, int most) {
        need(value instanceof List, "not a list");
        List<Object> items = (List<Object>) value;
        need(items.size() >= least && items.size() <= most, "a list of the wrong length");
        return items;
    }

    static String string(Object value) {
        need(value instanceof String, "not a text");
        return (String) value;
    }

    static long natural(Object value) {
        need(value instanceof Long && (Long) value >= 0, "not a number of 0 or more");
        return (Long) value;
    }

    // --- Signed notes, proof ------------------------------------------------------------------------------------------------------

    record Line(String name, String id, byte[] value) {}

    record NoteKey(String name, int type, byte[] key) {
        static NoteKey parse(String text) {
            String[] parts = text.split("\\+", 3);
            need(parts.length == 3, "not a key");
            byte[] content = base64(parts[2]);
            checkName(parts[0]);
            need(content.length == 33 && (content[0] == 1 || content[0] == 4), "a key of another type");
            NoteKey key = new NoteKey(parts[0], content[0], Arrays.copyOfRange(content, 1, 33));
            need(key.id().equals(parts[1]), "a wrong key id");
            return key;
        }

        String id() {
            byte[] kind = {(byte) type};
            return hex(sha256(bytes(name), bytes("\n"), kind, key)).substring(0, 8);
        }

        /** Checks a line; gives the time of a cosignature, else -1. */
        long check(String text, byte[] value) {
            byte[] signed = bytes(text), signature = value;
            long time = -1;
            if (type == 4) {
                if (value.length != 72 || value[0] < 0) throw new Refused("signature-wrong");
                time = ByteBuffer.wrap(value).getLong();
                signed = bytes("cosignature/v1\ntime " + time + "\n" + text);
                signature = Arrays.copyOfRange(value, 8, 72);
            }
            byte[] spki = join(HexFormat.of().parseHex("302a300506032b6570032100"), key);
            if (!Keys.holds("ed25519", spki, signature, signed)) throw new Refused("signature-wrong");
            return time;
        }
    }

    static void checkName(String name) {
        int length = bytes(name).length;
        need(length >= 1 && length <= 255 && name.indexOf('+') < 0, "not a name");
        need(name.codePoints().noneMatch(c -> c < ' ' || Character.isWhitespace(c) || Character.isSpaceChar(c) || c == 0x85), "not a name");
    }

    record Note(String text, List<Line> lines) {
        static Note parse(byte[] content, int limit) {
            need(content.length <= limit, "a note too long");
            String whole = utf8(content);
            need(whole.chars().allMatch(c -> c >= ' ' || c == '\n'), "a control character");
            int at = whole.lastIndexOf("\n\n");
            need(at >= 0 && whole.endsWith("\n") && at + 2 < whole.length(), "no text and signatures");
            String[] found = whole.substring(at + 2, whole.length() - 1).split("\n", -1);
            need(found.length <= 100, "too many signatures");
            List<Line> lines = new ArrayList<>();
            for (String line : found) {
                need(line.startsWith("\u2014 "), "not a signature");
                String[] parts = line.substring(2).split(" ", 2);
                need(parts.length == 2, "not a signature");
                checkName(parts[0]);
                byte[] value = base64(parts[1]);
                need(value.length >= 5, "a short signature");
                lines.add(new Line(parts[0], hex(Arrays.copyOf(value, 4)), Arrays.copyOfRange(value, 4, value.length)));
            }
            return new Note(whole.substring(0, at + 1), lines);
        }

        /** The known keys that signed, each once, with the times of cosignatures; empty if none did. */
        Map<NoteKey, Long> verify(Iterable<NoteKey> keys) {
            Map<NoteKey, Long> signed = new LinkedHashMap<>();
            for (Line line : lines) {
                for (NoteKey key : keys) {
                    if (key.name().equals(line.name()) && key.id().equals(line.id()) && !signed.containsKey(key)) {
                        signed.put(key, key.check(text, line.value()));
                    }
                }
            }
            return signed;
        }
    }

    record Logged(String origin, long index, long time, List<String> witnesses) {}

    /** Section "Proof": the entry is in a log of the root that enough witnesses saw. */
    static Logged checkProof(byte[] proof, byte[] envelope, Root root) {
        record Parsed(byte[] salt, long index, List<byte[]> path, byte[] checkpoint) {}
        Parsed parsed = form("proof-malformed", () -> {
            need(proof.length <= LARGEST, "too long");
            int split = find(proof, bytes("\n\n"));
            need(split >= 0, "no checkpoint");
            for (int i = 0; i < split; i++) need(proof[i] >= 0, "not ASCII");
            List<String> lines = new ArrayList<>(List.of(utf8(Arrays.copyOf(proof, split)).split("\n", -1)));
            need(lines.remove(0).equals("c2sp.org/tlog-proof@v1"), "not a proof");
            byte[] salt = null;
            if (!lines.isEmpty() && lines.get(0).startsWith("extra ")) salt = base64(lines.remove(0).substring(6));
            need(!lines.isEmpty() && lines.get(0).startsWith("index "), "no index");
            long index = decimal(lines.remove(0).substring(6));
            need(lines.size() <= 64, "a path too long");
            List<byte[]> path = new ArrayList<>();
            for (String line : lines) {
                path.add(base64(line));
                need(path.get(path.size() - 1).length == 32, "not a hash");
            }
            return new Parsed(salt, index, path, Arrays.copyOfRange(proof, split + 2, proof.length));
        });
        Note note = form("note-malformed", () -> Note.parse(parsed.checkpoint, LARGEST));
        record Head(String origin, long size, byte[] root) {}
        Head head = form("checkpoint-malformed", () -> {
            String[] lines = note.text().split("\n", -1);
            need(lines.length >= 4, "too short");
            for (int i = 0; i < lines.length - 1; i++) need(i == 1 || i == 2 || !lines[i].isEmpty(), "an empty line");
            byte[] hash = base64(lines[2]);
            long size = decimal(lines[1]);
            need(hash.length == 32 && (size > 0 || Arrays.equals(hash, sha256())), "not a root");
            return new Head(lines[0], size, hash);
        });
        NoteKey log = root.policy.logs.get(head.origin);
        if (log == null) throw new Refused("log-unknown");
        List<NoteKey> known = new ArrayList<>(root.policy.witnesses.values());
        known.add(log);
        Map<NoteKey, Long> signed = note.verify(known);
        if (!signed.containsKey(log)) throw new Refused("log-not-signed");
        signed.remove(log);
        if (!root.policy.seen(signed.keySet())) throw new Refused("quorum-missed");
        long[] times = signed.values().stream().mapToLong(Long::longValue).sorted().toArray();
        byte[] entry = envelope;
        if (parsed.salt != null) {
            if (parsed.salt.length != 32) throw new Refused("proof-malformed");
            entry = join(bytes("assaymark-private/v1\n"), sha256(bytes("assaymark-private/v1\0"), parsed.salt, envelope));
        }
        byte[] leaf = sha256(new byte[] {0}, entry);
        if (!included(parsed.index, head.size, leaf, parsed.path, head.root)) throw new Refused("not-logged");
        List<String> names = signed.keySet().stream().map(NoteKey::name).toList();
        return new Logged(head.origin, parsed.index, times.length == 0 ? -1 : times[(times.length - 1) / 2], names);
    }

    /** RFC 9162, section 2.1.3.2. */
    static boolean included(long index, long size, byte[] leaf, List<byte[]> path, byte[] root) {
        if (index >= size) return false;
        long at = index, last = size - 1;
        byte[] found = leaf;
        for (byte[] sibling : path) {
            if (last == 0) return false;
            if ((at & 1) == 1 || at == last) {
                found = sha256(new byte[] {1}, sibling, found);
                while (at != 0 && (at & 1) == 0) {
                    at >>= 1;
                    last >>= 1;
                }
            } else {
                found = sha256(new byte[] {1}, found, sibling);
            }
            at >>= 1;
            last >>= 1;
        }
        return last == 0 && Arrays.equals(found, root);
    }

    static int find(byte[] data, byte[] part) {
        for (int at = 0; at + part.length <= data.length; at++) {
            if (Arrays.equals(data, at, at + part.length, part, 0, part.length)) return at;
        }
        return -1;
    }

    /** Which logs are known, and which witnesses have to have seen a checkpoint. */
    static final class Policy {
        record Group(int threshold, List<String> members) {}

        final Map<String, NoteKey> logs = new LinkedHashMap<>();
        final Map<String, NoteKey> witnesses = new LinkedHashMap<>();
        final Map<String, Group> groups = new LinkedHashMap<>();
        private final Set<String> publics = new HashSet<>(), members = new HashSet<>();
        private String quorum;

        Policy(String text, List<NoteKey> more) {
            for (NoteKey key : more) log(key);
            need(bytes(text).length <= LARGEST && text.chars().noneMatch(c -> c < 9 || c > 10 && c < 32 || c == 127), "not a policy");
            for (String line : text.split("\n")) {
                List<String> words = new ArrayList<>(List.of(line.split("[ \t]+")));
                words.removeIf(String::isEmpty);
                if (!words.isEmpty() && !words.get(0).startsWith("#")) line(words.remove(0), words);
                need(logs.size() + witnesses.size() + groups.size() <= 256, "too many names");
            }
            need(quorum != null, "no quorum");
        }

        private void line(String verb, List<String> words) {
            if (verb.equals("log") && (words.size() == 1 || words.size() == 2)) {
                log(NoteKey.parse(words.get(0)));
            } else if (verb.equals("witness") && (words.size() == 2 || words.size() == 3)) {
                NoteKey key = NoteKey.parse(words.get(1));
                fresh(words.get(0));
                add(key, 4);
                witnesses.put(words.get(0), key);
            } else if (verb.equals("group") && words.size() >= 3) {
                fresh(words.get(0));
                List<String> named = words.subList(2, words.size());
                for (String one : named) need(known(one) && members.add(one), "a member unknown or in two groups");
                String count = words.get(1);
                need(count.matches("any|all|[1-9][0-9]{0,3}"), "not a threshold");
                int threshold = count.equals("any") ? 1 : count.equals("all") ? named.size() : Integer.parseInt(count);
                need(threshold <= named.size(), "a threshold greater than the group");
                groups.put(words.get(0), new Group(threshold, List.copyOf(named)));
            } else if (verb.equals("quorum") && words.size() == 1 && quorum == null) {
                need(words.get(0).equals("none") || known(words.get(0)), "an unknown quorum");
                quorum = words.get(0);
            } else {
                throw new Malformed("a line that is unknown");
            }
        }

        private void log(NoteKey key) {
            add(key, 1);
            need(logs.put(key.name(), key) == null, "two keys of one log");
        }

        private void add(NoteKey key, int type) {
            need(key.type() == type && publics.add(hex(key.key())), "a key of the wrong type, or twice");
        }

        private boolean known(String name) {
            return witnesses.containsKey(name) || groups.containsKey(name);
        }

        private void fresh(String name) {
            need(!name.equals("none") && !known(name), "a name twice");
        }

        boolean seen(Set<NoteKey> keys) {
            Set<String> present = new HashSet<>();
            witnesses.forEach((name, key) -> {
                if (keys.contains(key)) present.add(name);
            });
            groups.forEach((name, group) -> {
                if (group.members.stream().filter(present::contains).count() >= group.threshold) present.add(name);
            });
            return quorum.equals("none") || present.contains(quorum);
        }
    }

    // --- Trust root ---------------------------------------------------------------------------------------------------------------

    record Issuer(String name, String role, String alg, byte[] spki, long level, long from, long to, Map<String, Object> cutOff) {}

    static final class Root {
        final Map<String, Issuer> issuers = new HashMap<>();
        final Policy policy;
        final List<NoteKey> statusKeys;
        final long expires;

        Root(byte[] content) {
            Note note = form("root-malformed", () -> Note.parse(content, 1 << 20));
            Map<String, Object> tree = form("root-malformed", () -> object(Json.parse(note.text())));
            List<NoteKey> keys = form("root-malformed", () -> keys(tree.get("rootKeys")));
            long threshold = form("root-malformed", () -> {
                need("assaymark-root/v1".equals(tree.get("_type")) && natural(tree.get("version")) >= 1, "not a root");
                string(tree.get("statusUrl"));
                long count = natural(tree.get("threshold"));
                need(count >= 1 && count <= keys.size(), "not a threshold");
                return count;
            });
            expires = form("root-malformed", () -> natural(tree.get("expires")));
            policy = form("root-malformed", () -> new Policy(string(tree.get("policy")), keys(tree.get("logs"))));
            form("root-malformed", () -> {
                object(tree.get("issuers")).forEach((id, one) -> issuers.put(id, issuer(id, object(one))));
                return null;
            });
            statusKeys = form("root-malformed", () -> keys(tree.get("statusKeys")));
            int signed = 0;
            try {
                signed = note.verify(keys).size();
            } catch (Refused refused) {
                throw new Refused("root-below-threshold");
            }
            if (signed < threshold) throw new Refused("root-below-threshold");
        }

        private static List<NoteKey> keys(Object value) {
            List<NoteKey> keys = new ArrayList<>();
            Set<String> publics = new HashSet<>();
            for (Object one : list(value, 1, 100)) {
                NoteKey key = NoteKey.parse(string(one));
                need(key.type() == 1 && publics.add(hex(key.key())), "a key twice, or of another type");
                keys.add(key);
            }
            return keys;
        }

        private static Issuer issuer(String id, Map<String, Object> tree) {
            byte[] spki = base64(string(tree.get("spki")));
            String alg = string(tree.get("alg"));
            need(hex(sha256(spki)).equals(id), "a wrong key id");
            if (!Keys.fits(alg, spki)) throw new Refused("issuer-algorithm");
            String role = string(tree.get("role"));
            long level = natural(tree.get("maxLevel"));
            need(Set.of("developer", "inspector", "store").contains(role) && level >= 1 && level <= 3, "no role or level");
            Map<String, Object> cutOff = tree.containsKey("maxLogIndex") ? object(tree.get("maxLogIndex")) : null;
            if (cutOff != null) cutOff.values().forEach(Verify::natural);
            long from = natural(tree.get("validFrom")), to = natural(tree.get("validTo"));
            return new Issuer(string(tree.get("name")), role, alg, spki, level, from, to, cutOff);
        }
    }

    /** Signatures of the algorithms in the table of section "Envelope". */
    static final class Keys {
        static final Map<String, String> HEADS = Map.of(
            "ed25519", "302a300506032b6570032100",
            "ecdsa-p256", "3059301306072a8648ce3d020106082a8648ce3d03010703420004",
            "sm2", "3059301306072a8648ce3d020106082a811ccf5501822d03420004");

        static boolean fits(String alg, byte[] spki) {
            String head = HEADS.get(alg);
            return head != null && hex(spki).startsWith(head) && spki.length == head.length() / 2 + (alg.equals("ed25519") ? 32 : 64);
        }

        static boolean holds(String alg, byte[] spki, byte[] signature, byte[] message) {
            if (alg.equals("sm2")) return Sm.verify(Arrays.copyOfRange(spki, spki.length - 64, spki.length), signature, message);
            try {
                boolean ed = alg.equals("ed25519");
                PublicKey key = KeyFactory.getInstance(ed ? "Ed25519" : "EC").generatePublic(new X509EncodedKeySpec(spki));
                Signature verifier = Signature.getInstance(ed ? "Ed25519" : "SHA256withECDSA");
                verifier.initVerify(key);
                verifier.update(message);
                return verifier.verify(signature);
            } catch (GeneralSecurityException error) {
                return false;
            }
        }
    }

    // --- Certificate --------------------------------------------------------------------------------------------------------------

    record Container(byte[] envelope, byte[] proof, byte[] status, List<byte[]> timestamps) {}

    static List<Map.Entry<Integer, byte[]>> records(byte[] data) {
        if (data.length > LARGEST) throw new Refused("container-too-large");
        List<Map.Entry<Integer, byte[]>> found = new ArrayList<>();
        form("container-malformed", () -> {
            need(data.length >= 4 && new String(data, 0, 4, StandardCharsets.ISO_8859_1).equals("AYM1"), "no AYM1");
            ByteBuffer in = little(data).position(4);
            while (in.hasRemaining()) {
                need(in.remaining() >= 8, "cut off");
                int kind = in.getInt();
                long size = Integer.toUnsignedLong(in.getInt());
                need(size <= in.remaining(), "runs over the end");
                byte[] value = new byte[(int) size];
                in.get(value);
                found.add(Map.entry(kind, value));
            }
            return null;
        });
        List<Map.Entry<Integer, byte[]>> known = new ArrayList<>();
        for (Map.Entry<Integer, byte[]> one : found) {
            int kind = one.getKey() & Integer.MAX_VALUE;
            if (kind >= 1 && kind <= 5) known.add(Map.entry(kind, one.getValue()));
            else if (one.getKey() < 0) throw new Refused("record-unknown");
        }
        return known;
    }

    static List<byte[]> of(List<Map.Entry<Integer, byte[]>> records, int kind) {
        return records.stream().filter(one -> one.getKey() == kind).map(Map.Entry::getValue).toList();
    }

    static List<byte[]> split(byte[] data) {
        List<Map.Entry<Integer, byte[]>> records = records(data);
        List<byte[]> nested = of(records, 5);
        if (nested.isEmpty()) return List.of(data);
        if (nested.size() != records.size() || nested.size() > 16) throw new Refused("container-malformed");
        return nested;
    }

    static Container container(byte[] data) {
        List<Map.Entry<Integer, byte[]>> all = records(data);
        List<byte[]> envelope = of(all, 1), proof = of(all, 2), status = of(all, 3), stamps = of(all, 4);
        boolean sound = of(all, 5).isEmpty() && envelope.size() == 1 && proof.size() == 1 && status.size() <= 1 && stamps.size() <= 16;
        if (!sound) throw new Refused("container-malformed");
        return new Container(envelope.get(0), proof.get(0), status.isEmpty() ? null : status.get(0), stamps);
    }

    record Subject(String name, Map<String, String> digest) {}

    record Statement(
        String kind, List<Subject> subjects, String serial, String packageName, long versionCode,
        Map<String, List<String>> signers, Map<String, List<List<String>>> lineage,
        long issuedAt, long notAfter, long level, Map<String, String> derivedFrom) {}

    record Certificate(Statement said, List<Issuer> issuers, Logged logged, byte[] status) {}

    static final Map<String, Integer> DIGESTS = Map.of(
        "apkContentSha256", 64, "apkContentSha512", 128, "apkContentSm3", 64, "sha256", 64, "zipEntriesSha256", 64);
    static final List<String> SCHEMES = List.of("v1", "v2", "v3", "v3.1");

    static Certificate certificate(byte[] data, Root root) {
        Container held = container(data);
        record Envelope(byte[] payload, Map<String, byte[]> signatures) {}
        Envelope envelope = form("envelope-malformed", () -> {
            Map<String, Object> tree = object(Json.parse(utf8(held.envelope)));
            need("application/vnd.in-toto+json".equals(tree.get("payloadType")), "another type");
            Map<String, byte[]> signatures = new LinkedHashMap<>();
            for (Object one : list(tree.get("signatures"), 1, 16)) {
                byte[] signature = base64(string(object(one).get("sig")));
                need(signatures.put(string(object(one).get("keyid")), signature) == null, "a key twice");
            }
            return new Envelope(base64(string(tree.get("payload"))), signatures);
        });
        byte[] head = bytes("DSSEv1 28 application/vnd.in-toto+json " + envelope.payload.length + " ");
        byte[] message = join(head, envelope.payload);
        List<Issuer> signed = new ArrayList<>();
        envelope.signatures.forEach((id, signature) -> {
            Issuer issuer = root.issuers.get(id);
            if (issuer == null) return;
            if (!Keys.holds(issuer.alg, issuer.spki, signature, message)) throw new Refused("statement-wrong");
            signed.add(issuer);
        });
        if (signed.isEmpty()) throw new Refused("issuer-unknown");
        Statement said = form("statement-malformed", () -> statement(envelope.payload));
        Logged logged = checkProof(held.proof, held.envelope, root);
        if (logged.time >= 0 && said.issuedAt > logged.time + LEEWAY) throw new Refused("logged-before-issued");
        List<Issuer> counting = counting(signed, said, logged);
        for (byte[] token : held.timestamps) form("timestamp-wrong", () -> timestamp(token, held.envelope));
        return new Certificate(said, counting, logged, held.status);
    }

    static List<Issuer> counting(List<Issuer> signed, Statement said, Logged logged) {
        List<Issuer> counting = new ArrayList<>();
        String first = null;
        for (Issuer one : signed) {
            String reason = null;
            boolean role = said.kind.equals(INSPECTION) ? !one.role.equals("store") : one.role.equals("store");
            Object last = one.cutOff == null ? null : one.cutOff.get(logged.origin);
            if (!role || one.role.equals("developer") && said.level > 1) reason = "issuer-role";
            else if (signed.size() == 1 && one.level < said.level) reason = "issuer-level";
            else if (said.issuedAt < one.from || said.issuedAt > one.to) reason = "issuer-not-valid";
            else if (one.cutOff != null && (last == null || logged.index > (Long) last)) reason = "issuer-cut-off";
            if (reason == null) counting.add(one);
            else if (first == null) first = reason;
        }
        if (counting.isEmpty()) throw new Refused(first);
        Issuer best = counting.stream().max(Comparator.comparingLong(Issuer::level)).get();
        for (Issuer one : counting) if (one.level == best.level) {
            best = one;
            break;
        }
        if (best.level < said.level) throw new Refused("issuer-level");
        String name = best.name;
        boolean second = counting.stream().anyMatch(one -> !one.name.equals(name) && one.level > 1);
        if (said.level == 3 && !second) throw new Refused("cosigner-missing");
        return counting;
    }

    static Statement statement(byte[] payload) {
        Map<String, Object> tree = object(Json.parse(utf8(payload)));
        need("https://in-toto.io/Statement/v1".equals(tree.get("_type")), "not a statement");
        String kind = string(tree.get("predicateType"));
        if (!Set.of(INSPECTION, DERIVED, DISTRIBUTION).contains(kind)) throw new Refused("kind-unknown");
        Map<String, Object> said = object(tree.get("predicate"));
        List<Object> listed = list(tree.get("subject"), 1, 500);
        String serial = serial(said.get("serial"));
        long issuedAt = natural(said.get("issuedAt")), notAfter = natural(said.get("notAfter"));
        need(issuedAt < notAfter && notAfter <= issuedAt + YEAR, "longer than a year");
        List<Subject> subjects = new ArrayList<>();
        for (Object one : listed) subjects.add(new Subject(text(object(one).get("name")), digests(object(one).get("digest"))));
        text(said.get("platform"));
        String name = text(said.get("package"));
        long version = natural(said.get("versionCode"));
        Map<String, List<String>> signers = new LinkedHashMap<>();
        schemes(said.get("signerCertSha256")).forEach((scheme, value) -> signers.put(scheme, hashes(value, 1, 10)));
        Map<String, List<List<String>>> lineage = new HashMap<>();
        if (said.containsKey("signerLineageSha256")) {
            schemes(said.get("signerLineageSha256")).forEach((scheme, value) ->
                lineage.put(scheme, list(value, 1, 10).stream().map(one -> hashes(one, 0, 100)).toList()));
        }
        long level = 1;
        Map<String, String> from = Map.of();
        if (kind.equals(INSPECTION)) {
            if (!string(said.get("result")).equals("pass")) throw new Refused("not-a-pass");
            if (said.get("supersedes") != null) serial(said.get("supersedes"));
            level = natural(said.get("level"));
            need(level >= 1 && level <= 3, "no level");
            text(said.get("profile"));
            hashes(List.of(string(said.get("rulesSha256")), string(said.get("reportSha256"))), 2, 2);
            text(said.get("engine"));
            for (Object one : list(said.get("notAssessed"), 0, 1000)) text(one);
        } else if (kind.equals(DERIVED)) {
            from = digests(said.get("derivedFrom"));
            for (Object one : list(said.get("changes"), 0, 1000)) text(one);
        }
        return new Statement(kind, subjects, serial, name, version, signers, lineage, issuedAt, notAfter, level, from);
    }

    static String serial(Object value) {
        need(string(value).matches("[A-Za-z0-9][A-Za-z0-9._-]{0,63}"), "not a serial");
        return (String) value;
    }

    static String text(Object value) {
        String text = string(value);
        int length = text.codePointCount(0, text.length());
        need(length >= 1 && length <= 255 && text.chars().noneMatch(c -> c < 32 || c == 127), "not a text");
        return text;
    }

    static Map<String, String> digests(Object value) {
        Map<String, String> found = new LinkedHashMap<>();
        object(value).forEach((name, digest) -> {
            string(digest);
            Integer length = DIGESTS.get(name);
            if (length == null) return;
            need(((String) digest).matches("[0-9a-f]{" + length + "}"), "not a digest");
            found.put(name, (String) digest);
        });
        need(!found.isEmpty(), "no known digest");
        return found;
    }

    static Map<String, Object> schemes(Object value) {
        need(SCHEMES.containsAll(object(value).keySet()), "an unknown scheme");
        return object(value);
    }

    static List<String> hashes(Object value, int least, int most) {
        List<String> found = new ArrayList<>();
        for (Object one : list(value, least, most)) {
            need(string(one).matches("[0-9a-f]{64}"), "not a digest");
            found.add((String) one);
        }
        return found;
    }

    // --- Timestamp ----------------------------------------------------------------------------------------------------------------

    record Der(int tag, byte[] content, byte[] raw) {
        static List<Der> all(byte[] data) {
            List<Der> found = new ArrayList<>();
            int at = 0;
            while (at < data.length) {
                need(data.length - at >= 2, "cut off");
                int start = at + 2;
                long size = data[at + 1] & 0xff;
                if (size >= 0x80) {
                    int count = (int) size & 0x7f;
                    need(count >= 1 && count <= 4 && start + count <= data.length, "an unknown length");
                    size = 0;
                    for (int i = 0; i < count; i++) size = size << 8 | data[start++] & 0xff;
                }
                need(size <= data.length - start, "runs over the end");
                int end = start + (int) size;
                found.add(new Der(data[at] & 0xff, Arrays.copyOfRange(data, start, end), Arrays.copyOfRange(data, at, end)));
                at = end;
            }
            return found;
        }

        List<Der> inside() {
            return all(content);
        }
    }

    static Object timestamp(byte[] token, byte[] envelope) {
        need(token.length <= 32_768, "too long");
        List<Der> outer = Der.all(token);
        need(outer.size() == 1, "not one element");
        List<Der> info = outer.get(0).inside();
        need(info.size() == 2 && hex(info.get(0).content()).equals("2a864886f70d010702"), "no SignedData");
        List<Der> fields = info.get(1).inside().get(0).inside();
        List<Der> content = fields.get(2).inside();
        need(hex(content.get(0).content()).equals("2a864886f70d0109100104"), "no timestamp");
        byte[] octets = content.get(1).inside().get(0).content();
        List<Der> stated = Der.all(octets).get(0).inside();
        List<Der> imprint = stated.get(2).inside();
        need(hex(imprint.get(0).inside().get(0).content()).equals("608648016503040201"), "not SHA-256");
        need(Arrays.equals(imprint.get(1).content(), sha256(envelope)), "over other bytes");
        need(stated.get(4).tag() == 0x18 && fields.size() > 3, "no time");
        return null;
    }

    // --- The file -----------------------------------------------------------------------------------------------------------------

    /** Where it lies, digests and signers: everything that a certificate is compared with. */
    static final class Package {
        final byte[] data;
        final String name;
        boolean archive;
        int directory, end, blockStart = -1;
        int entries;
        final List<Map.Entry<Integer, byte[]>> pairs = new ArrayList<>();
        final Map<String, List<String>> signers = new LinkedHashMap<>();
        final Map<String, List<List<String>>> lineage = new HashMap<>();
        final Set<String> stated = new TreeSet<>();
        String problem;
        private final Map<String, String> digests = new HashMap<>();
        private final List<Runnable> later = new ArrayList<>();

        Package(Path path) throws IOException {
            data = Files.readAllBytes(path);
            name = path.getFileName().toString();
            form("file-malformed", () -> {
                locate();
                if (archive) readBlock();
                return null;
            });
        }

        private int u16(int at) {
            return little(data).getShort(at) & 0xffff;
        }

        private long u32at(int at) {
            return Integer.toUnsignedLong(little(data).getInt(at));
        }

        private void locate() {
            for (int at = data.length - 22; at >= Math.max(0, data.length - 22 - 65_535); at--) {
                if (little(data).getInt(at) == 0x06054b50 && u16(at + 20) == data.length - at - 22) {
                    end = at;
                    archive = true;
                    break;
                }
            }
            if (!archive) return;
            need(end < 20 || little(data).getInt(end - 20) != 0x07064b50, "ZIP64");
            long size = u32at(end + 12), start = u32at(end + 16);
            entries = u16(end + 10);
            need(size != 0xffffffffL && start != 0xffffffffL && entries != 0xffff && u16(end + 8) != 0xffff, "ZIP64");
            need(u16(end + 4) == 0 && u16(end + 6) == 0 && u16(end + 8) == entries, "several disks");
            need(start + size == end, "the central directory is elsewhere");
            directory = (int) start;
        }

        private void readBlock() {
            if (directory < 32 || !new String(data, directory - 16, 16, StandardCharsets.ISO_8859_1).equals("APK Sig Block 42")) return;
            long size = little(data).getLong(directory - 24);
            need(size >= 24 && size <= directory - 8, "a size out of range");
            int start = directory - (int) size - 8;
            need(little(data).getLong(start) == size, "sizes differ");
            int at = start + 8, stop = directory - 24;
            Set<Integer> seen = new HashSet<>();
            while (at < stop) {
                need(stop - at >= 12 && pairs.size() < 1000, "a pair is cut off");
                long length = little(data).getLong(at);
                need(length >= 4 && length <= stop - at - 8, "a pair runs over the end");
                int id = little(data).getInt(at + 8);
                boolean scheme = id == V2 || id == V3 || id == V31;
                need(!scheme || seen.add(id), "a scheme twice");
                pairs.add(Map.entry(id, Arrays.copyOfRange(data, at + 12, at + 8 + (int) length)));
                at += 8 + (int) length;
            }
            blockStart = start;
            Map<Integer, String> names = Map.of(V2, "v2", V3, "v3", V31, "v3.1");
            for (int id : new int[] {V2, V3, V31}) for (byte[] value : of(pairs, id)) readScheme(names.get(id), value, id != V2);
        }

        private static byte[] prefixed(ByteBuffer in) {
            long size = Integer.toUnsignedLong(in.getInt());
            need(size <= in.remaining(), "runs over the end");
            byte[] value = new byte[(int) size];
            in.get(value);
            return value;
        }

        /** Signers of one scheme: their certificates, lineage, and whether their signatures hold. */
        private void readScheme(String scheme, byte[] value, boolean ranged) {
            List<String> certificates = new ArrayList<>();
            List<List<String>> lineages = new ArrayList<>();
            try {
                ByteBuffer all = little(prefixed(little(value)));
                while (all.hasRemaining()) {
                    ByteBuffer signer = little(prefixed(all));
                    byte[] signed = prefixed(signer);
                    if (ranged) signer.getLong();
                    ByteBuffer signatures = little(prefixed(signer));
                    byte[] key = prefixed(signer);
                    ByteBuffer fields = little(signed);
                    ByteBuffer digests = little(prefixed(fields));
                    byte[] certificate = prefixed(little(prefixed(fields)));
                    if (ranged) fields.getLong();
                    certificates.add(hex(sha256(certificate)));
                    lineages.add(readLineage(little(prefixed(fields)), ranged));
                    while (digests.hasRemaining()) checkDigest(little(prefixed(digests)));
                    boolean any = false;
                    while (signatures.hasRemaining()) {
                        ByteBuffer one = little(prefixed(signatures));
                        any |= checkSignature(one.getInt(), prefixed(one), key, signed, certificate);
                    }
                    if (!any) problem = "developer-signature";
                }
            } catch (Malformed | java.nio.BufferUnderflowException error) {
                problem = "developer-signature";
            }
            signers.put(scheme, certificates);
            if (lineages.stream().anyMatch(one -> !one.isEmpty())) lineage.put(scheme, lineages);
        }

        private static List<String> readLineage(ByteBuffer attributes, boolean ranged) {
            List<String> found = new ArrayList<>();
            while (ranged && attributes.hasRemaining()) {
                ByteBuffer attribute = little(prefixed(attributes));
                if (attribute.getInt() != 0x3ba06f8c) continue;
                attribute.getInt();
                while (attribute.hasRemaining()) found.add(hex(sha256(prefixed(little(prefixed(little(prefixed(attribute))))))));
            }
            return found;
        }

        private void checkDigest(ByteBuffer one) {
            int id = one.getInt();
            byte[] value = prefixed(one);
            String algorithm = Set.of(0x101, 0x103, 0x201, 0x301).contains(id) ? "apkContentSha256"
                : Set.of(0x102, 0x104, 0x202).contains(id) ? "apkContentSha512" : null;
            if (algorithm == null) return;
            stated.add(algorithm);
            later.add(() -> {
                if (!content(algorithm).equals(hex(value))) problem = "content-digest-mismatch";
            });
        }

        private boolean checkSignature(int id, byte[] signature, byte[] spki, byte[] signed, byte[] certificate) {
            String hash = id == 0x102 || id == 0x104 || id == 0x202 ? "SHA512" : "SHA256";
            String kind = switch (id) {
                case 0x101, 0x102, 0x103, 0x104, 0x421 -> "RSA";
                case 0x201, 0x202, 0x423 -> "EC";
                case 0x301, 0x425 -> "DSA";
                default -> null;
            };
            if (kind == null) return false;
            try {
                CertificateFactory factory = CertificateFactory.getInstance("X.509");
                X509Certificate own = (X509Certificate) factory.generateCertificate(new ByteArrayInputStream(certificate));
                boolean pss = id == 0x101 || id == 0x102;
                Signature verifier = Signature.getInstance(pss ? "RSASSA-PSS" : hash + "with" + (kind.equals("EC") ? "ECDSA" : kind));
                if (pss) {
                    String name = hash.equals("SHA512") ? "SHA-512" : "SHA-256";
                    int length = hash.equals("SHA512") ? 64 : 32;
                    verifier.setParameter(new PSSParameterSpec(name, "MGF1", new MGF1ParameterSpec(name), length, 1));
                }
                verifier.initVerify(KeyFactory.getInstance(kind).generatePublic(new X509EncodedKeySpec(spki)));
                verifier.update(signed);
                if (!verifier.verify(signature) || !Arrays.equals(own.getPublicKey().getEncoded(), spki)) problem = "developer-signature";
            } catch (GeneralSecurityException error) {
                problem = "developer-signature";
            }
            return true;
        }

        /** Section "Digests": content. */
        String content(String name) {
            return digests.computeIfAbsent(name, ignored -> {
                String algorithm = Map.of("apkContentSha256", "SHA-256", "apkContentSha512", "SHA-512", "apkContentSm3", "SM3").get(name);
                byte[] record = Arrays.copyOfRange(data, end, data.length);
                little(record).putInt(16, blockStart);
                byte[][] sections = {Arrays.copyOf(data, blockStart), Arrays.copyOfRange(data, directory, end), record};
                ByteArrayOutputStream chunks = new ByteArrayOutputStream();
                long count = 0;
                for (byte[] section : sections) {
                    for (int at = 0; at < section.length; at += 1 << 20, count++) {
                        byte[] chunk = Arrays.copyOfRange(section, at, Math.min(section.length, at + (1 << 20)));
                        chunks.writeBytes(hash(algorithm, new byte[] {(byte) 0xa5}, u32(chunk.length), chunk));
                    }
                }
                return hex(hash(algorithm, new byte[] {0x5a}, u32(count), chunks.toByteArray()));
            });
        }

        boolean signedByBlock() {
            return signers.containsKey("v2") || signers.containsKey("v3") || signers.containsKey("v3.1");
        }

        List<byte[]> marks() {
            return of(pairs, PAIR);
        }

        record Entry(byte[] raw, int flags, int method, long crc, long packed, long size, long offset) {
            String name() {
                return new String(raw, StandardCharsets.ISO_8859_1);
            }
        }

        List<Entry> directory(boolean strict) {
            List<Entry> found = new ArrayList<>();
            int at = directory;
            while (at < end) {
                boolean record = end - at >= 46 && little(data).getInt(at) == 0x02014b50;
                need(record || !strict, "not a record of the central directory");
                if (!record) return found;
                int name = u16(at + 28), extra = u16(at + 30), next = at + 46 + name + extra + u16(at + 32);
                need(next <= end || !strict, "runs over the end");
                if (next > end) return found;
                byte[] raw = Arrays.copyOfRange(data, at + 46, at + 46 + name);
                Entry one = new Entry(raw, u16(at + 8), u16(at + 10), u32at(at + 16), u32at(at + 20), u32at(at + 24), u32at(at + 42));
                if (strict) {
                    boolean large = one.packed == 0xffffffffL || one.size == 0xffffffffL || one.offset == 0xffffffffL;
                    need(!large && !zip64(at + 46 + name, extra) && u16(at + 34) == 0, "ZIP64");
                    need(name > 0 && one.name().indexOf(0) < 0, "a name that is not allowed");
                    need((one.flags & (0x1 | 0x40 | 0x2000)) == 0, "encrypted");
                    need((one.method == 0 || one.method == 8) && (!one.name().endsWith("/") || one.size == 0), "not readable");
                }
                found.add(one);
                at = next;
            }
            return found;
        }

        private boolean zip64(int at, int length) {
            int stop = at + length;
            while (stop - at >= 4) {
                if (u16(at) == 1) return true;
                at += 4 + u16(at + 2);
            }
            return false;
        }

        /** Section "Digests": entries. */
        String entriesDigest() {
            List<Entry> all = directory(true);
            need(all.size() == entries, "another count of entries");
            need(all.stream().map(Entry::name).distinct().count() == all.size(), "a name twice");
            long limit = blockStart < 0 ? directory : blockStart, before = 0;
            Map<String, Integer> places = new HashMap<>();
            for (Entry one : all.stream().sorted(Comparator.comparingLong(Entry::offset)).toList()) {
                need(!places.isEmpty() || one.offset == 0, "bytes before the first entry");
                need(one.offset >= before && limit - one.offset >= 30, "entries share bytes");
                int at = (int) one.offset;
                need(little(data).getInt(at) == 0x04034b50, "no local header");
                int name = u16(at + 26), extra = u16(at + 28), start = at + 30 + name + extra;
                long stop = start + one.packed;
                need(stop <= limit, "runs over the contents");
                need(Arrays.equals(data, at + 30, at + 30 + name, one.raw, 0, one.raw.length), "names differ");
                need(u16(at + 6) == one.flags && u16(at + 8) == one.method && !zip64(at + 30 + name, extra), "headers differ");
                boolean streamed = (one.flags & 8) != 0;
                long crc = u32at(at + 14), packed = u32at(at + 18), size = u32at(at + 22);
                boolean same = crc == one.crc && packed == one.packed && size == one.size;
                need(same || streamed && crc == 0 && packed == 0 && size == 0, "sizes differ");
                if (streamed) stop += descriptor((int) stop, limit, one);
                places.put(one.name(), start);
                before = stop;
            }
            ByteArrayOutputStream lines = new ByteArrayOutputStream();
            lines.writeBytes(bytes("assaymark-zip/v1\n"));
            Pattern left = Pattern.compile("META-INF/(MANIFEST\\.MF|[^/]+\\.(SF|RSA|DSA|EC))", Pattern.CASE_INSENSITIVE);
            for (Entry one : all.stream().sorted((a, b) -> Arrays.compareUnsigned(a.raw, b.raw)).toList()) {
                String content = hex(sha256(inflate(one, places.get(one.name()))));
                if (one.name().endsWith("/") || left.matcher(one.name()).matches()) continue;
                lines.writeBytes(bytes(content + "  " + one.raw.length + "  "));
                lines.writeBytes(one.raw);
                lines.write('\n');
            }
            return hex(sha256(lines.toByteArray()));
        }

        private int descriptor(int at, long limit, Entry one) {
            byte[] record = join(u32(one.crc), u32(one.packed), u32(one.size));
            for (byte[] wanted : List.of(join(bytes("PK\7\10"), record), record)) {
                if (at + wanted.length <= limit && Arrays.equals(data, at, at + wanted.length, wanted, 0, wanted.length)) return wanted.length;
            }
            throw new Malformed("the data descriptor differs");
        }

        byte[] inflate(Entry one, int start) {
            byte[] out = Arrays.copyOfRange(data, start, start + (int) one.packed);
            if (one.method == 8) {
                Inflater inflater = new Inflater(true);
                inflater.setInput(out);
                // Deflate makes at most 1,032 bytes of one: what states more is refused before memory is taken.
                need(one.size <= 1_032 * one.packed + 64 && one.size < Integer.MAX_VALUE - 8, "a size that cannot be");
                out = new byte[(int) one.size];
                try {
                    int done = 0;
                    while (done < out.length && !inflater.finished()) {
                        int more = inflater.inflate(out, done, out.length - done);
                        need(more > 0 || inflater.finished(), "ends early");
                        done += more;
                    }
                    need(done == out.length, "another size");
                    need(inflater.finished() || inflater.inflate(new byte[1]) == 0 && inflater.finished(), "ends late");
                    need(inflater.getRemaining() == 0, "ends late");
                } catch (DataFormatException error) {
                    throw new Malformed("damaged");
                } finally {
                    inflater.end();
                }
            }
            CRC32 crc = new CRC32();
            crc.update(out);
            need(out.length == one.size && crc.getValue() == one.crc, "another content");
            return out;
        }

        /** Section "Signers": the certificate of the first SignerInfo of each signature block, in the order of the central directory. */
        void readJarSigners() {
            if (!archive) return;
            List<Entry> all = directory(false);
            Set<String> names = new HashSet<>();
            for (Entry one : all) names.add(one.name());
            List<String> found = new ArrayList<>();
            for (Entry one : all) {
                String file = one.name();
                if (!file.matches("(?i)META-INF/[^/]+\\.(RSA|DSA|EC)")) continue;
                if (!names.contains(file.substring(0, file.lastIndexOf('.')) + ".SF")) continue;
                int at = (int) one.offset;
                byte[] block = inflate(one, at + 30 + u16(at + 26) + u16(at + 28));
                List<Der> fields = Der.all(block).get(0).inside().get(1).inside().get(0).inside();
                List<Der> id = fields.get(fields.size() - 1).inside().get(0).inside().get(1).inside();
                for (Der part : fields) {
                    if (part.tag() != 0xa0) continue;
                    for (Der certificate : part.inside()) {
                        List<Der> inner = certificate.inside().get(0).inside();
                        int shift = inner.get(0).tag() == 0xa0 ? 1 : 0;
                        boolean own = Arrays.equals(inner.get(shift).content(), id.get(1).content())
                            && Arrays.equals(inner.get(shift + 2).raw(), id.get(0).raw());
                        if (own) {
                            found.add(hex(sha256(certificate.raw())));
                            break;
                        }
                    }
                }
            }
            if (!found.isEmpty()) {
                Map<String, List<String>> newer = new LinkedHashMap<>(signers);
                signers.clear();
                signers.put("v1", found);
                signers.putAll(newer);
            }
        }

        boolean contentHolds() {
            later.forEach(Runnable::run);
            return !"content-digest-mismatch".equals(problem);
        }
    }

    /** Gives the subject that the file is, and whether it is the very file. */
    static Map.Entry<Subject, Boolean> match(Package file, Statement said) {
        Map.Entry<Subject, Boolean> found = subject(file, said);
        boolean content = file.contentHolds();
        if (found == null) throw new Refused(content ? "other-file" : "file-changed");
        form("file-malformed", () -> {
            if (!file.signers.containsKey("v1")) file.readJarSigners();
            return null;
        });
        if (!file.signers.keySet().equals(said.signers.keySet())) throw new Refused("schemes-differ");
        if (!file.signers.equals(said.signers) || !file.lineage.equals(said.lineage)) throw new Refused("signer-differs");
        if (file.problem != null) throw new Refused("developer-signature");
        return found;
    }

    static Map.Entry<Subject, Boolean> subject(Package file, Statement said) {
        List<String> order = List.of("apkContentSha256", "apkContentSha512", "apkContentSm3");
        if (file.signedByBlock()) {
            for (Subject one : said.subjects) {
                List<String> known = order.stream().filter(one.digest::containsKey).toList();
                List<String> chosen = known.stream().filter(file.stated::contains).toList();
                if (chosen.isEmpty()) chosen = known.subList(0, Math.min(1, known.size()));
                if (!chosen.isEmpty() && chosen.stream().allMatch(name -> file.content(name).equals(one.digest.get(name)))) {
                    return Map.entry(one, true);
                }
            }
        }
        String whole = hex(sha256(file.data));
        for (Subject one : said.subjects) if (whole.equals(one.digest.get("sha256"))) return Map.entry(one, true);
        if (file.signedByBlock() || !file.archive) return null;
        for (Subject one : said.subjects) {
            String wanted = one.digest.get("zipEntriesSha256");
            if (wanted != null && wanted.equals(form("file-malformed", file::entriesDigest))) return Map.entry(one, false);
        }
        return null;
    }

    // --- Status list --------------------------------------------------------------------------------------------------------------

    record Status(String origin, long time, long first, long count, byte[] bits) {
        static Status parse(byte[] content, Root root, long now) {
            Note note = form("note-malformed", () -> Note.parse(content, 1 << 25));
            if (note.verify(root.statusKeys).isEmpty()) throw new Refused("signature-missing");
            Status found = form("status-malformed", () -> {
                String[] lines = note.text().split("\n", -1);
                need(lines.length == 7 && lines[0].equals("assaymark-status/v1") && !lines[1].isEmpty(), "not a list");
                long count = decimal(lines[4]);
                need(count <= 1 << 27, "too long");
                byte[] bits = new byte[(int) ((count + 3) / 4)];
                Inflater inflater = new Inflater();
                try {
                    inflater.setInput(base64(lines[5]));
                    int done = 0;
                    while (done < bits.length && !inflater.finished() && !inflater.needsInput()) done += inflater.inflate(bits, done, bits.length - done);
                    need(done == bits.length && inflater.inflate(new byte[1]) == 0 && inflater.finished(), "another length");
                    need(inflater.getRemaining() == 0, "more after the bits");
                } catch (DataFormatException error) {
                    throw new Malformed("damaged");
                } finally {
                    inflater.end();
                }
                int rest = (int) (count % 4);
                need(rest == 0 || (bits[bits.length - 1] & 0xff) >> rest * 2 == 0, "bits beyond the last");
                return new Status(lines[1], decimal(lines[2]), decimal(lines[3]), count, bits);
            });
            if (found.time > now + LEEWAY) throw new Refused("status-future");
            return found;
        }

        int state(long index) {
            long at = index - first;
            return at < 0 || at >= count ? -1 : bits[(int) (at / 4)] >> (at % 4) * 2 & 3;
        }
    }

    // --- Outcome ------------------------------------------------------------------------------------------------------------------

    /** What the caller asks for. */
    static final class Demand {
        long minLevel = 2, fresh = 14 * 86_400L;
        boolean requireStatus, exact;
        String packageName;
        long versionCode = -1;
        final List<String> algorithms = new ArrayList<>();
    }

    record Mark(String state, String reason, Certificate certificate, Subject subject, long level, boolean inspection) {
        boolean stands() {
            return reason == null;
        }
    }

    final Root root;
    final long now;
    final Demand demand;
    final List<Status> held;

    Verify(Root root, long now, Demand demand, List<Status> held) {
        this.root = root;
        this.now = now;
        this.demand = demand;
        this.held = held;
    }

    /** The age of the newest news of a certificate, or -1 without any. */
    long current(Certificate one) {
        if (now + LEEWAY < one.said.issuedAt) throw new Refused("not-yet-valid");
        if (now > one.said.notAfter) throw new Refused("expired");
        List<Status> lists = new ArrayList<>(held);
        if (one.status != null) lists.add(Status.parse(one.status, root, now));
        Status newest = null;
        for (Status list : lists) {
            boolean covers = list.origin.equals(one.logged.origin) && list.state(one.logged.index) >= 0;
            if (covers && (newest == null || list.time > newest.time)) newest = list;
        }
        if (newest == null) return -1;
        int state = newest.state(one.logged.index);
        if (state > 0) throw new Refused(List.of("suspended", "revoked", "superseded").get(state - 1));
        return Math.max(0, now - newest.time);
    }

    void demanded(Certificate one, boolean exact) {
        if (!one.said.kind.equals(INSPECTION)) throw new Refused("not-inspected");
        if (one.said.level < demand.minLevel) throw new Refused("level-too-low");
        if (demand.packageName != null && !demand.packageName.equals(one.said.packageName)) throw new Refused("other-package");
        if (demand.versionCode >= 0 && demand.versionCode != one.said.versionCode) throw new Refused("other-version");
        for (String algorithm : demand.algorithms) {
            if (one.issuers.stream().noneMatch(issuer -> issuer.alg.equals(algorithm))) throw new Refused("algorithm-absent");
        }
        if (demand.exact && !exact) throw new Refused("contents-only");
    }

    Certificate parent(Certificate one, List<Certificate> others) {
        for (Certificate other : others) {
            boolean app = other.said.packageName.equals(one.said.packageName) && other.said.versionCode == one.said.versionCode;
            boolean subject = other.said.subjects.stream().anyMatch(s -> s.digest.entrySet().containsAll(one.said.derivedFrom.entrySet()));
            if (other.said.kind.equals(INSPECTION) && app && subject) return other;
        }
        throw new Refused("parent-missing");
    }

    Mark mark(Package file, Certificate one, List<Certificate> sound) {
        Certificate decides = one;
        try {
            Map.Entry<Subject, Boolean> found = match(file, one.said);
            long age = current(one);
            if (one.said.kind.equals(DERIVED)) {
                decides = parent(one, sound);
                long other = current(decides);
                age = age < 0 || other < 0 ? -1 : Math.max(age, other);
            }
            demanded(decides, found.getValue());
            boolean stale = age < 0 || age > demand.fresh;
            if (stale && demand.requireStatus) throw new Refused(age < 0 ? "status-missing" : "status-stale");
            return new Mark(stale ? "valid-status-stale" : "valid", null, decides, found.getKey(), decides.said.level, true);
        } catch (Refused refused) {
            return new Mark(state(refused.reason), refused.reason, one, null, one.said.level, one.said.kind.equals(INSPECTION));
        }
    }

    static String state(String reason) {
        if (Set.of("other-file", "file-changed", "signer-differs", "schemes-differ").contains(reason)) return "not-for-this-file";
        if (Set.of("expired", "suspended", "revoked", "superseded", "none").contains(reason)) return reason;
        return reason.equals("stripped") ? "none" : "refused";
    }

    /** The mark that decides about one file. */
    Mark judge(Path path, byte[] detached) throws IOException {
        try {
            Package file = new Package(path);
            byte[] data = detached;
            if (data == null) {
                if (file.marks().size() > 1) throw new Refused("two-marks");
                Path beside = path.resolveSibling(path.getFileName() + ".assaymark");
                if (!file.marks().isEmpty()) data = file.marks().get(0);
                else if (Files.isRegularFile(beside)) data = Files.readAllBytes(beside);
                else {
                    boolean expected = file.archive && file.directory(false).stream().anyMatch(one -> one.name().equals("assaymark-expected"));
                    throw new Refused(expected ? "stripped" : "none");
                }
            }
            List<Mark> marks = new ArrayList<>();
            List<Certificate> sound = new ArrayList<>();
            for (byte[] one : split(data)) {
                try {
                    sound.add(certificate(one, root));
                } catch (Refused refused) {
                    marks.add(new Mark(state(refused.reason), refused.reason, null, null, 0, false));
                }
            }
            for (Certificate one : sound) marks.add(mark(file, one, sound));
            return marks.stream().min(Comparator.comparing((Mark m) -> !m.stands())
                .thenComparing(m -> "other-file".equals(m.reason))
                .thenComparing(m -> m.state.equals("valid-status-stale"))
                .thenComparing(m -> -m.level)
                .thenComparing(m -> !m.inspection)).get();
        } catch (Refused refused) {
            return new Mark(state(refused.reason), refused.reason, null, null, 0, false);
        }
    }

    /** The outcome for one file, or for all files of one app together: a state, or the reason of a refusal. */
    String judge(List<Path> paths, byte[] detached) throws IOException {
        if (now >= root.expires) return "root-expired";
        List<Mark> marks = new ArrayList<>();
        for (Path path : paths) marks.add(judge(path, detached));
        for (Mark mark : marks) if (!mark.stands()) return mark.reason;
        if (marks.size() > 1) {
            Set<String> entries = new HashSet<>(), names = new HashSet<>();
            for (Mark mark : marks) {
                entries.add(mark.certificate.logged.index + " " + mark.certificate.logged.origin);
                names.add(mark.subject.name);
            }
            boolean base = names.contains(marks.get(0).certificate.said.subjects.get(0).name);
            if (entries.size() != 1 || !base) return "set-incomplete";
        }
        return marks.stream().anyMatch(mark -> mark.state.equals("valid-status-stale")) ? "valid-status-stale" : "valid";
    }

    static String run(List<String> args) throws IOException {
        byte[] root = null, detached = null;
        long now = System.currentTimeMillis() / 1000;
        Demand demand = new Demand();
        List<byte[]> lists = new ArrayList<>();
        List<Path> paths = new ArrayList<>();
        for (int i = 0; i < args.size(); i++) {
            switch (args.get(i)) {
                case "--root" -> root = Files.readAllBytes(Path.of(args.get(++i)));
                case "--now" -> now = Long.parseLong(args.get(++i));
                case "--status" -> lists.add(Files.readAllBytes(Path.of(args.get(++i))));
                case "--certificate" -> detached = Files.readAllBytes(Path.of(args.get(++i)));
                case "--min-level" -> demand.minLevel = Long.parseLong(args.get(++i));
                case "--fresh" -> demand.fresh = Long.parseLong(args.get(++i));
                case "--require-status" -> demand.requireStatus = true;
                case "--exact" -> demand.exact = true;
                case "--package" -> demand.packageName = args.get(++i);
                case "--version-code" -> demand.versionCode = Long.parseLong(args.get(++i));
                case "--algorithm" -> demand.algorithms.add(args.get(++i));
                default -> paths.add(Path.of(args.get(i)));
            }
        }
        try {
            Root trusted = new Root(root);
            List<Status> held = new ArrayList<>();
            for (byte[] list : lists) held.add(Status.parse(list, trusted, now));
            return new Verify(trusted, now, demand, held).judge(paths, detached);
        } catch (Refused refused) {
            return refused.reason;
        }
    }

    /** One call, or with `--batch FILE` one for each line of a file, its words separated by tabs. */
    public static void main(String[] args) throws IOException {
        if (args.length == 2 && args[0].equals("--batch")) {
            for (String line : Files.readAllLines(Path.of(args[1]))) System.out.println(run(List.of(line.split("\t"))));
            return;
        }
        String outcome = run(List.of(args));
        System.out.println(outcome.startsWith("valid") ? outcome : state(outcome) + " " + outcome);
        System.exit(outcome.equals("valid") ? 0 : outcome.startsWith("valid") ? 1 : 9);
    }

    // --- SM2 and SM3, which the JDK does not have (GB/T 32918.2 and .5, GB/T 32905) -------------------------------------------------

    static final class Sm {
        private static final BigInteger
            P = hexNumber("FFFFFFFEFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF00000000FFFFFFFFFFFFFFFF"),
            A = hexNumber("FFFFFFFEFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF00000000FFFFFFFFFFFFFFFC"),
            B = hexNumber("28E9FA9E9D9F5E344D5A9E4BCF6509A7F39789F515AB8F92DDBCBD414D940E93"),
            N = hexNumber("FFFFFFFEFFFFFFFFFFFFFFFFFFFFFFFF7203DF6B21C6052B53BBF40939D54123"),
            GX = hexNumber("32C4AE2C1F1981195F9904466A39C9948FE30BBFF2660BE1715A4589334C74C7"),
            GY = hexNumber("BC3736A2F4F6779C59BDCEE36B692153D0A9877CC62A474002DF32E52139F0A0");

        private static BigInteger hexNumber(String text) {
            return new BigInteger(text, 16);
        }

        private static byte[] fixed(BigInteger number) {
            return HexFormat.of().parseHex(String.format(Locale.ROOT, "%064x", number));
        }

        static boolean verify(byte[] point, byte[] signature, byte[] message) {
            BigInteger x = new BigInteger(1, Arrays.copyOf(point, 32)), y = new BigInteger(1, Arrays.copyOfRange(point, 32, 64));
            if (!y.multiply(y).mod(P).equals(x.pow(3).add(A.multiply(x)).add(B).mod(P)) || x.compareTo(P) >= 0 || y.compareTo(P) >= 0) return false;
            BigInteger r, s;
            try {
                List<Der> outer = Der.all(signature);
                List<Der> parts = outer.get(0).inside();
                if (outer.size() != 1 || outer.get(0).tag() != 0x30 || parts.size() != 2) return false;
                r = integer(parts.get(0));
                s = integer(parts.get(1));
            } catch (Malformed | IndexOutOfBoundsException error) {
                return false;
            }
            if (r.signum() <= 0 || s.signum() <= 0 || r.compareTo(N) >= 0 || s.compareTo(N) >= 0) return false;
            byte[] id = bytes("1234567812345678");
            byte[] z = sm3(join(new byte[] {0, (byte) 128}, id, fixed(A), fixed(B), fixed(GX), fixed(GY), point));
            BigInteger e = new BigInteger(1, sm3(join(z, message)));
            BigInteger t = r.add(s).mod(N);
            if (t.signum() == 0) return false;
            BigInteger[] sum = add(times(s, new BigInteger[] {GX, GY}), times(t, new BigInteger[] {x, y}));
            return sum != null && e.add(sum[0]).mod(N).equals(r);
        }

        private static BigInteger integer(Der part) {
            byte[] content = part.content();
            boolean shortest = content.length >= 1 && (content.length == 1 || content[0] != 0 || content[1] < 0);
            need(part.tag() == 2 && shortest, "not an integer");
            return new BigInteger(content);
        }

        /** Null is the point at infinity. Nothing secret is computed here, so the time it takes may show the numbers. */
        private static BigInteger[] add(BigInteger[] one, BigInteger[] two) {
            if (one == null) return two;
            if (two == null) return one;
            BigInteger slope;
            if (one[0].equals(two[0])) {
                if (one[1].add(two[1]).mod(P).signum() == 0) return null;
                slope = one[0].pow(2).multiply(BigInteger.valueOf(3)).add(A).multiply(one[1].shiftLeft(1).modInverse(P)).mod(P);
            } else {
                slope = two[1].subtract(one[1]).multiply(two[0].subtract(one[0]).modInverse(P)).mod(P);
            }
            BigInteger x = slope.pow(2).subtract(one[0]).subtract(two[0]).mod(P);
            return new BigInteger[] {x, slope.multiply(one[0].subtract(x)).subtract(one[1]).mod(P)};
        }

        private static BigInteger[] times(BigInteger number, BigInteger[] point) {
            BigInteger[] sum = null;
            for (int bit = number.bitLength() - 1; bit >= 0; bit--) {
                sum = add(sum, sum);
                if (number.testBit(bit)) sum = add(sum, point);
            }
            return sum;
        }

        static byte[] sm3(byte[] message) {
            int[] v = {0x7380166f, 0x4914b2b9, 0x172442d7, 0xda8a0600, 0xa96f30bc, 0x163138aa, 0xe38dee4d, 0xb0fb0e4e};
            byte[] padded = Arrays.copyOf(message, (message.length + 72) / 64 * 64);
            padded[message.length] = (byte) 0x80;
            ByteBuffer.wrap(padded).putLong(padded.length - 8, message.length * 8L);
            int[] w = new int[68];
            for (int block = 0; block < padded.length; block += 64) {
                ByteBuffer.wrap(padded, block, 64).asIntBuffer().get(w, 0, 16);
                for (int j = 16; j < 68; j++) {
                    int x = w[j - 16] ^ w[j - 9] ^ Integer.rotateLeft(w[j - 3], 15);
                    w[j] = x ^ Integer.rotateLeft(x, 15) ^ Integer.rotateLeft(x, 23) ^ Integer.rotateLeft(w[j - 13], 7) ^ w[j - 6];
                }
                int a = v[0], b = v[1], c = v[2], d = v[3], e = v[4], f = v[5], g = v[6], h = v[7];
                for (int j = 0; j < 64; j++) {
                    int turned = Integer.rotateLeft(a, 12);
                    int ss1 = Integer.rotateLeft(turned + e + Integer.rotateLeft(j < 16 ? 0x79cc4519 : 0x7a879d8a, j % 32), 7);
                    int ff = j < 16 ? a ^ b ^ c : a & b | a & c | b & c;
                    int gg = j < 16 ? e ^ f ^ g : e & f | ~e & g;
                    int tt1 = ff + d + (ss1 ^ turned) + (w[j] ^ w[j + 4]);
                    int tt2 = gg + h + ss1 + w[j];
                    d = c;
                    c = Integer.rotateLeft(b, 9);
                    b = a;
                    a = tt1;
                    h = g;
                    g = Integer.rotateLeft(f, 19);
                    f = e;
                    e = tt2 ^ Integer.rotateLeft(tt2, 9) ^ Integer.rotateLeft(tt2, 17);
                }
                int[] next = {a, b, c, d, e, f, g, h};
                for (int i = 0; i < 8; i++) v[i] ^= next[i];
            }
            ByteBuffer out = ByteBuffer.allocate(32);
            for (int one : v) out.putInt(one);
            return out.array();
        }
    }
}

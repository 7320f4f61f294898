"""Shapes of Java code that data may take, compiled plain and minified: each with the number of sinks that are reached.

`S()` reads the IMEI, `L(x)` logs; each case is the body of an activity that has both.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from assaymark import pipeline
from assaymark.testing.apk import Apk
from assaymark.testing.java import JavaCase, compile_all, tools

HEAD = """package com.example.app;
import android.app.*; import android.content.*; import android.os.*; import android.telephony.*; import android.util.*;
import android.view.*; import android.widget.*; import android.location.*; import java.io.*; import java.util.*;
import java.util.concurrent.*; import java.util.regex.*;
public class Main extends Activity {
  String S() { return ((TelephonyManager) getSystemService("phone")).getDeviceId(); }
  static void L(Object x) { Log.d("tag", "" + x); }
"""

SHAPES: dict[str, tuple[int, str]] = {
    "a list by index": (
        1,
        """static class D { String a; } public void onCreate(Bundle b) { super.onCreate(b); D d = new D(), e = new D();
        d.a = S(); e.a = "x"; L(e.a); Log.i("t", d.a); } static int n;""",
    ),
    "an alias is the same object": (
        1,
        """static class D { String a; } public void onCreate(Bundle b) { super.onCreate(b); D d = new D(); D e = d;
        e.a = S(); Log.i("t", d.a); }""",
    ),
    "a factory makes objects apart": (
        1,
        """static class D { String a; static D make() { return new D(); } } public void onCreate(Bundle b) {
        super.onCreate(b); D d = D.make(), e = D.make(); d.a = S(); Log.w("t", e.a); Log.i("t", d.a); }""",
    ),
    "the subclass that runs": (
        1,
        """interface G { String g(Main m); } static class A implements G { public String g(Main m) { return m.S(); } }
        static class B implements G { public String g(Main m) { return "x"; } }
        public void onCreate(Bundle b) { super.onCreate(b); G g = new B(); Log.w("t", g.g(this)); g = new A();
        Log.i("t", g.g(this)); }""",
    ),
    "an exception carries it": (
        1,
        """public void onCreate(Bundle b) { super.onCreate(b); try { throw new RuntimeException(S()); }
        catch (RuntimeException e) { Log.i("t", e.getMessage()); } }""",
    ),
    "an exception from a callee": (
        1,
        """void f() { throw new IllegalStateException(S()); } public void onCreate(Bundle b) { super.onCreate(b);
        try { f(); } catch (IllegalStateException e) { Log.i("t", e.getMessage()); } }""",
    ),
    "characters in a loop": (
        1,
        """public void onCreate(Bundle b) { super.onCreate(b); String s = S(), o = ""; for (char c : s.toCharArray())
        o += c + "_"; Log.i("t", o); }""",
    ),
    "a pattern's group": (
        1,
        """public void onCreate(Bundle b) { super.onCreate(b); Matcher m = Pattern.compile("(.*)").matcher(S());
        if (m.find()) Log.i("t", m.group(1)); }""",
    ),
    "a stream in memory": (
        1,
        """public void onCreate(Bundle b) { super.onCreate(b);
        try { ByteArrayOutputStream o = new ByteArrayOutputStream();
        o.write(S().getBytes()); Log.i("t", o.toString()); } catch (IOException e) { } }""",
    ),
    "an array as text": (
        1,
        """public void onCreate(Bundle b) { super.onCreate(b); String[] a = new String[2]; a[1] = S();
        Log.i("t", Arrays.toString(a)); }""",
    ),
    "an index that is computed": (
        0,
        """public void onCreate(Bundle b) { super.onCreate(b); String[] a = new String[9]; a[2 * 3 - 1] = S();
        a[4] = "x";
        Log.i("t", a[2 + 2]); }""",
    ),
    "an iterator over a set": (
        1,
        """public void onCreate(Bundle b) { super.onCreate(b); Set<String> s = new HashSet<>(); s.add(S());
        for (String x : s) Log.i("t", x); }""",
    ),
    "entries of a map": (
        1,
        """public void onCreate(Bundle b) { super.onCreate(b); Map<String, String> m = new TreeMap<>(); m.put("k", S());
        for (Map.Entry<String, String> x : m.entrySet()) Log.i("t", x.getValue()); }""",
    ),
    "an executor": (
        1,
        """public void onCreate(Bundle b) { super.onCreate(b); final String s = S();
        Executors.newSingleThreadExecutor().execute(new Runnable() { public void run() { Log.i("t", s); } }); }""",
    ),
    "a future": (
        1,
        """public void onCreate(Bundle b) { super.onCreate(b); final String s = S(); try {
        Future<String> f = Executors.newSingleThreadExecutor().submit(new Callable<String>() {
        public String call() { return s; } }); Log.i("t", f.get()); } catch (Exception e) { } }""",
    ),
    "a timer": (
        1,
        """public void onCreate(Bundle b) { super.onCreate(b); final String s = S();
        new Timer().schedule(new TimerTask() {
        public void run() { Log.i("t", s); } }, 1); }""",
    ),
    "a thread's subclass": (
        1,
        """class T extends Thread { String s; T(String s) { this.s = s; } public void run() { Log.i("t", s); } }
        public void onCreate(Bundle b) { super.onCreate(b); new T(S()).start(); }""",
    ),
    "an async task's result": (
        1,
        """class T extends AsyncTask<String, Void, String> { protected String doInBackground(String... a) { return
        a[0]; }
        protected void onPostExecute(String r) { Log.i("t", r); } }
        public void onCreate(Bundle b) { super.onCreate(b); new T().execute(S()); }""",
    ),
    "a handler's message": (
        1,
        """Handler h = new Handler() { public void handleMessage(Message m) { Log.i("t", (String) m.obj); } };
        public void onCreate(Bundle b) { super.onCreate(b); Message m = h.obtainMessage(); m.obj = S();
        h.sendMessage(m); }""",
    ),
    "a posted lambda": (
        1,
        """public void onCreate(Bundle b) { super.onCreate(b); String s = S();
        new Handler().post(() -> Log.i("t", s)); }""",
    ),
    "saved state": (
        1,
        """protected void onSaveInstanceState(Bundle o) { super.onSaveInstanceState(o); o.putString("k", S()); }
        protected void onRestoreInstanceState(Bundle i) { super.onRestoreInstanceState(i);
        Log.i("t", i.getString("k")); }""",
    ),
    "a field of the activity in later states": (
        2,
        """String s; protected void onStart() { super.onStart(); s = S(); } protected void onPause() { super.onPause();
        Log.i("t", s); } public void onLowMemory() { super.onLowMemory(); Log.w("t", s); }""",
    ),
    "a static field before the initialiser": (
        1,
        """static String s; static class I { static { Log.i("t", s); } static int n; }
        public void onCreate(Bundle b) { super.onCreate(b); s = S(); I.n = 1; }""",
    ),
    "preferences by key": (
        1,
        """public void onCreate(Bundle b) { super.onCreate(b); SharedPreferences p = getSharedPreferences("f", 0);
        p.edit().putString("k", S()).putString("o", "x").commit(); Log.w("t", p.getString("o", ""));
        Log.i("t", p.getString("k", "")); }""",
    ),
    "a dialog's listener": (
        1,
        """public void onCreate(Bundle b) { super.onCreate(b); final String s = S(); new AlertDialog.Builder(this)
        .setPositiveButton("ok", new DialogInterface.OnClickListener() { public void onClick(DialogInterface d, int w) {
        Log.i("t", s); } }).show(); }""",
    ),
    "a listener of places": (
        1,
        """public void onCreate(Bundle b) { super.onCreate(b); LocationListener l = new LocationListener() {
        public void onLocationChanged(Location l) { Log.i("t", "" + l.getLatitude()); }
        public void onStatusChanged(String p, int s, Bundle e) { } public void onProviderEnabled(String p) { }
        public void onProviderDisabled(String p) { } };
        ((LocationManager) getSystemService("location")).requestLocationUpdates("gps", 0, 0, l); }""",
    ),
    "overwritten in a callee": (
        0,
        """static class D { String a; void clear() { a = "x"; } } public void onCreate(Bundle b) { super.onCreate(b);
        D d = new D(); d.a = S(); d.clear(); Log.i("t", d.a); }""",
    ),
    "a builder reused": (
        1,
        """public void onCreate(Bundle b) { super.onCreate(b); StringBuffer s = new StringBuffer("a"); s.append(S());
        s.reverse(); Log.i("t", s.substring(1)); }""",
    ),
    "code that is never called": (0, """void f() { Log.i("t", S()); }"""),
    "a branch that cannot be taken": (
        0,
        """public void onCreate(Bundle b) { super.onCreate(b); int i = 5; if (i > 10) Log.i("t", S()); }""",
    ),
    "reflection with arguments": (
        1,
        """public static class R { String s; public R() { } public void set(String x) { s = x; }
        public String get() { return s; } }
        public void onCreate(Bundle b) { super.onCreate(b); try { Class<?> c = Class.forName("com.example.app.Main$R");
        Object o = c.newInstance(); c.getMethod("set", String.class).invoke(o, S());
        Log.i("t", (String) c.getMethod("get").invoke(o)); } catch (Exception e) { } }""",
    ),
    "a linked list of nodes": (
        1,
        """static class N { N next; String s; } public void onCreate(Bundle b) { super.onCreate(b); N a = new N();
        a.next = new N(); a.next.s = S(); Log.w("t", a.s); Log.i("t", a.next.s); }""",
    ),
}

pytestmark = pytest.mark.xdist_group("flow-shapes")  # compiled once

KEEP = "-keep class com.example.app.Main { public *; protected *; }\n-keep class com.example.app.Main$R { *; }"


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> dict[str, tuple[bytes, bytes]]:
    found = tools()
    if found is None:
        pytest.skip("no Java compiler, or no D8")
    cases = {
        name.replace(" ", "-").replace("'", ""): JavaCase({"Main.java": HEAD + body + "\n}\n"}, KEEP)
        for name, (_, body) in SHAPES.items()
    }
    return compile_all(cases, tmp_path_factory.mktemp("java"), found)


@pytest.mark.parametrize("minified", [False, True], ids=["plain", "minified"])
@pytest.mark.parametrize("name", SHAPES)
def test_sinks_that_are_reached(
    name: str, minified: bool, built: dict[str, tuple[bytes, bytes]], tmp_path: Path
) -> None:
    dex = built[name.replace(" ", "-").replace("'", "")][minified]
    path = tmp_path / "app.apk"
    path.write_bytes(Apk(members={"classes.dex": dex}).build())
    rows = pipeline.inspect(path).evidence.get("flow", [])
    sites = {row["sink_at"] for row in rows if row["certainty"] == "confirmed"}
    assert len(sites) == SHAPES[name][0], [row["path"] for row in rows]

package com.vendor.metrics;

import android.content.ContentValues;
import android.content.Context;
import android.content.SharedPreferences;
import android.database.Cursor;
import android.database.sqlite.SQLiteDatabase;
import android.database.sqlite.SQLiteOpenHelper;
import android.net.ConnectivityManager;
import android.net.NetworkInfo;
import android.os.Build;
import android.os.Handler;
import android.os.HandlerThread;
import android.os.Message;
import android.provider.Settings;
import android.telephony.TelephonyManager;
import android.util.DisplayMetrics;
import java.io.ByteArrayOutputStream;
import java.io.OutputStream;
import java.net.HttpURLConnection;
import java.net.URL;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.TimeZone;
import java.util.zip.GZIPOutputStream;
import org.json.JSONArray;
import org.json.JSONException;
import org.json.JSONObject;

/** An invented SDK for measuring use: settings, device, store, queue, upload, crashes. */
public class Metrics {
    private static Metrics made;
    private final Keeper keeper;
    private final Queue queue;
    private final Device device;

    private Metrics(Context context, String key) {
        keeper = new Keeper(context);
        device = new Device(context);
        queue = new Queue(new Store(context), new Sender(context, key), device);
        Thread.setDefaultUncaughtExceptionHandler(new Crashes(queue, Thread.getDefaultUncaughtExceptionHandler()));
    }

    public static synchronized Metrics start(Context context, String key) {
        if (made == null) {
            made = new Metrics(context.getApplicationContext(), key);
            made.track("$metrics_started", null);
        }
        return made;
    }

    public void track(String name, JSONObject properties) {
        if (keeper.allowed()) {
            queue.add(name, properties);
        }
    }

    public void allow(boolean value) {
        keeper.allow(value);
    }
}

class Keeper {
    private final SharedPreferences kept;

    Keeper(Context context) {
        kept = context.getSharedPreferences("com.vendor.metrics.kept", Context.MODE_PRIVATE);
    }

    boolean allowed() {
        return kept.getBoolean("metrics_collection_allowed", false);
    }

    void allow(boolean value) {
        kept.edit().putBoolean("metrics_collection_allowed", value).putLong("metrics_decided_at", System.currentTimeMillis()).apply();
    }
}

class Device {
    private final Context context;

    Device(Context context) {
        this.context = context;
    }

    JSONObject describe() throws JSONException {
        JSONObject made = new JSONObject();
        DisplayMetrics screen = context.getResources().getDisplayMetrics();
        TelephonyManager telephony = (TelephonyManager) context.getSystemService(Context.TELEPHONY_SERVICE);
        made.put("$device_model", Build.MODEL);
        made.put("$device_maker", Build.MANUFACTURER);
        made.put("$screen_width", screen.widthPixels);
        made.put("$screen_height", screen.heightPixels);
        made.put("$carrier_name", telephony.getSimOperatorName());
        made.put("$android_id", Settings.Secure.getString(context.getContentResolver(), "android_id"));
        made.put("$time_zone", TimeZone.getDefault().getID());
        made.put("$language", Locale.getDefault().getLanguage());
        return made;
    }
}

class Store extends SQLiteOpenHelper {
    Store(Context context) {
        super(context, "metrics_events.db", null, 3);
    }

    @Override
    public void onCreate(SQLiteDatabase database) {
        database.execSQL("CREATE TABLE metrics_events (_id INTEGER PRIMARY KEY, body TEXT NOT NULL, created INTEGER)");
        database.execSQL("CREATE INDEX metrics_created ON metrics_events (created)");
    }

    @Override
    public void onUpgrade(SQLiteDatabase database, int from, int to) {
        database.execSQL("DROP TABLE IF EXISTS metrics_events");
        onCreate(database);
    }

    void put(String body) {
        ContentValues values = new ContentValues();
        values.put("body", body);
        values.put("created", System.currentTimeMillis());
        getWritableDatabase().insert("metrics_events", null, values);
    }

    List<String> take(int most) {
        List<String> found = new ArrayList<>();
        Cursor rows = getReadableDatabase().query("metrics_events", null, null, null, null, null, "created", String.valueOf(most));
        while (rows.moveToNext()) {
            found.add(rows.getString(rows.getColumnIndex("body")));
        }
        rows.close();
        getWritableDatabase().delete("metrics_events", "_id <= ?", new String[] {String.valueOf(found.size())});
        return found;
    }
}

class Sender {
    private final Context context;
    private final String key;

    Sender(Context context, String key) {
        this.context = context;
        this.key = key;
    }

    boolean send(JSONArray events) {
        ConnectivityManager manager = (ConnectivityManager) context.getSystemService(Context.CONNECTIVITY_SERVICE);
        NetworkInfo network = manager.getActiveNetworkInfo();
        if (network == null || !network.isConnected()) {
            return false;
        }
        try {
            HttpURLConnection open = (HttpURLConnection) new URL("https://collect.vendor-metrics.cn/v3/batch").openConnection();
            open.setConnectTimeout(15000);
            open.setRequestMethod("POST");
            open.setRequestProperty("X-Metrics-Key", key);
            open.setRequestProperty("Content-Encoding", "gzip");
            open.setDoOutput(true);
            OutputStream out = open.getOutputStream();
            out.write(packed(events.toString()));
            out.close();
            int answer = open.getResponseCode();
            open.disconnect();
            return answer == 200;
        } catch (java.io.IOException error) {
            return false;
        }
    }

    private static byte[] packed(String text) throws java.io.IOException {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream(text.length());
        GZIPOutputStream zip = new GZIPOutputStream(bytes);
        zip.write(text.getBytes("UTF-8"));
        zip.close();
        return bytes.toByteArray();
    }
}

class Queue implements Handler.Callback {
    private final Store store;
    private final Sender sender;
    private final Device device;
    private final Handler handler;

    Queue(Store store, Sender sender, Device device) {
        this.store = store;
        this.sender = sender;
        this.device = device;
        HandlerThread thread = new HandlerThread("vendor-metrics-worker");
        thread.start();
        handler = new Handler(thread.getLooper(), this);
    }

    void add(String name, JSONObject properties) {
        try {
            JSONObject event = new JSONObject();
            event.put("$event_name", name);
            event.put("$event_time", System.currentTimeMillis());
            event.put("$properties", properties);
            event.put("$device", device.describe());
            store.put(event.toString());
        } catch (JSONException error) {
            store.put("$event_that_was_broken");
        }
        handler.sendEmptyMessageDelayed(1, 30000);
    }

    @Override
    public boolean handleMessage(Message message) {
        JSONArray all = new JSONArray();
        for (String one : store.take(50)) {
            all.put(one);
        }
        if (all.length() > 0 && !sender.send(all)) {
            handler.removeMessages(1);
            handler.sendEmptyMessageDelayed(1, 120000);
        }
        return true;
    }
}

class Crashes implements Thread.UncaughtExceptionHandler {
    private final Queue queue;
    private final Thread.UncaughtExceptionHandler before;

    Crashes(Queue queue, Thread.UncaughtExceptionHandler before) {
        this.queue = queue;
        this.before = before;
    }

    @Override
    public void uncaughtException(Thread thread, Throwable error) {
        try {
            JSONObject told = new JSONObject();
            java.io.StringWriter text = new java.io.StringWriter();
            error.printStackTrace(new java.io.PrintWriter(text));
            told.put("$crash_stack", text.toString());
            told.put("$crash_thread", thread.getName());
            queue.add("$app_crashed", told);
        } catch (JSONException ignored) {
            queue.add("$app_crashed", null);
        }
        if (before != null) {
            before.uncaughtException(thread, error);
        }
    }
}

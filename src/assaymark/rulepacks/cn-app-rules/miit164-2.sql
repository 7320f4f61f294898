/*---
id = "miit164-2"
instrument = "miit-2020-164"
number.zh = "第2项"
number.en = "2"
severity = "high"
decides = "indicated"
needs = ["api_call", "component", "permission"]
notice.zh = "超范围收集个人信息"
notice.en = "collection beyond scope"
title.zh = "超范围收集个人信息"
title.en = "Collection beyond scope"
explain.zh = "不是服务必需或没有合理场景，特别是静默或在后台时收集个人信息。"
explain.en = "Personal information is collected beyond need or without a reasonable context, in particular silently or in the background."
safe_claim.zh = "敏感接口 A 在后台组件（服务、广播接收器、任务）S 处被调用。"
safe_claim.en = "Sensitive API A is called from a background component (service, receiver, worker) at site S."
static_limit.zh = "是否真的在后台触发、触发多少次，要运行才能看到。写在其他类里再由服务调用的，本查询看不到。"
static_limit.en = "Whether it fires in the background, and how often, needs a run. Calls in other classes that a service uses are not seen by this query."
remedy.zh = '把读取移到前台界面；确需后台的，用前台服务并写明类型，例如 <service android:name=".TrackService" android:foregroundServiceType="location" />，在政策和系统通知里说明，并降低频率。'
remedy.en = 'Move the read to the foreground. Where the background is needed, use a foreground service of a stated type, for example <service android:name=".TrackService" android:foregroundServiceType="location" />, say so in the policy and in its notification, and read less often.'
reasons.background-call.zh = "{n} 处读取个人信息的调用写在服务或广播接收器里：{data}；组件：{components}。"
reasons.background-call.en = "{n} call(s) that read personal information stand inside services or receivers: {data}; components: {components}."
reasons.background-permission.zh = "安装包声明了在后台获取信息的权限：{permissions}。"
reasons.background-permission.en = "The package asks for permissions that open data while the app is not in use: {permissions}."

[[examples]]
expect = "suspected"
reason = "background-call"
component = [{ kind = "service", name = "com.example.PushService", owner = "app", enabled = true }]
api_call = [{ data = "precise-location", api = "android.location.LocationManager.getLastKnownLocation", class = "com.example.PushService$1", owner = "app", reachable = true }]

[[examples]]
expect = "suspected"
reason = "background-permission"
permission = [{ name = "android.permission.ACCESS_BACKGROUND_LOCATION", requested = true, protection = "dangerous", background = true }]

[[examples]]
expect = "not-assessed"
reason = "needs-run"
component = [
  { kind = "service", name = "com.example.Keys", permission = "android.permission.BIND_INPUT_METHOD", enabled = true },
  { kind = "service", name = "com.example.Sync", enabled = true },
]
api_call = [
  { data = "imei", api = "android.telephony.TelephonyManager.getImei", "class" = "com.example.Keys", owner = "app", reachable = true, consent = "unknown" },
  { data = "imei", api = "android.telephony.TelephonyManager.getImei", "class" = "com.example.Sync$$ExternalSyntheticApiModelOutline0", owner = "app", reachable = true, consent = "unknown" },
]

[[examples]]
expect = "not-assessed"
reason = "needs-run"
component = [{ kind = "activity", name = "com.example.Main", owner = "app", enabled = true }]
api_call = [{ data = "precise-location", api = "android.location.LocationManager.getLastKnownLocation", class = "com.example.Main", owner = "app", reachable = true }]
---*/
WITH hidden_part AS (
  -- A keyboard runs while its user types.
  SELECT app, name FROM component WHERE kind IN ('service', 'receiver') AND enabled IS NOT FALSE
    AND coalesce(permission, '') <> 'android.permission.BIND_INPUT_METHOD'
), calls AS (
  -- The class of the component, or a class inside it.
  SELECT api_call.app, count(*) AS n, json_group_array(api_call.data) AS data, json_group_array(hidden_part.name) AS components,
    group_concat(api_call.id) AS ids
  FROM api_call JOIN hidden_part ON hidden_part.app = api_call.app
    AND hidden_part.name = CASE WHEN instr(api_call."class", '$') > 1
      THEN substr(api_call."class", 1, instr(api_call."class", '$') - 1) ELSE api_call."class" END
  WHERE api_call.reachable IS NOT FALSE AND api_call.data <> 'permission-request'
    -- The compiler moves calls of newer APIs out of several classes and names the helper after one of them.
    AND instr(api_call."class", '$$ExternalSyntheticApiModelOutline') = 0
  GROUP BY api_call.app
), asked AS (
  SELECT app, json_group_array(replace(name, 'android.permission.', '')) AS names, group_concat(id) AS ids
  FROM permission WHERE requested IS TRUE AND background IS TRUE GROUP BY app
)
SELECT apps.app, 'app' AS subject,
  CASE WHEN calls.n > 0 OR asked.ids IS NOT NULL THEN 'suspected' ELSE 'not-assessed' END AS status,
  CASE WHEN calls.n > 0 THEN 'background-call' WHEN asked.ids IS NOT NULL THEN 'background-permission' ELSE 'needs-run' END AS reason_key,
  json_object('n', calls.n, 'data', json(calls.data), 'components', json(calls.components), 'permissions', json(asked.names)) AS params,
  coalesce(calls.ids || ',' || asked.ids, calls.ids, asked.ids) AS evidence_ids
FROM apps LEFT JOIN calls ON calls.app = apps.app LEFT JOIN asked ON asked.app = apps.app

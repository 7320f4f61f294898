/*---
id = "miit337-2"
instrument = "miit-2019-337"
number.zh = "问题2"
number.en = "2"
severity = "medium"
decides = "indicated"
needs = ["api_call", "component", "permission"]
title.zh = "超范围收集个人信息"
title.en = "Collecting beyond scope"
explain.zh = "收集的不是服务所需或没有合理场景，包括过于频繁。"
explain.en = "What is collected is not needed by the service or has no reasonable context; collecting too often counts too."
safe_claim.zh = "敏感接口 A 在后台组件 S 处被调用。"
safe_claim.en = "Sensitive API A is called from a background component at site S."
static_limit.zh = "是否需要、是否频繁，要运行并由人判断；后台组件里的调用只是线索。"
static_limit.en = "Need and frequency take a run and a person; a call in a background component is only a hint."
remedy.zh = "只在用户使用相应功能时读取。"
remedy.en = "Read only while the user uses the function."
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

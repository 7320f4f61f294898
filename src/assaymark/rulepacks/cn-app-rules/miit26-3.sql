/*---
id = "miit26-3"
instrument = "miit-2023-26"
number.zh = "措施3"
number.en = "3"
severity = "medium"
decides = "decided"
needs = ["artifact", "setting"]
title.zh = "用空白名称、透明图标或后台隐藏妨碍卸载"
title.en = "Blank name, transparent icon or hiding that hinders uninstalling"
explain.zh = "除基本功能软件外，应用要能方便地找到并卸载。"
explain.en = "Except for basic function software, an app must be easy to find and to uninstall."
safe_claim.zh = "启动器名称为空白，或图标完全透明，或代码停用自己的启动组件。"
safe_claim.en = "The launcher label is blank / the icon is fully transparent / code disables its own launcher component."
static_limit.zh = "名称和图标可以确定，意图不能。图标是否透明，本次没有查看；输入法、插件等本来不需要图标。"
static_limit.en = "Label and icon can be decided, intent cannot. Whether the icon is transparent was not looked at; input methods, plug-ins and the like need no icon."
remedy.zh = '给应用可见的名称和图标：<application android:label="@string/app_name" android:icon="@mipmap/ic_launcher">；不在代码里用 setComponentEnabledSetting 停用启动组件。'
remedy.en = 'Give the app a visible name and icon: <application android:label="@string/app_name" android:icon="@mipmap/ic_launcher">; do not disable the launcher component with setComponentEnabledSetting.'
reasons.blank-label.zh = "应用名称只由空白字符组成。"
reasons.blank-label.en = "The name of the app consists of blanks only."
reasons.hidden.zh = "应用的启动图标可能不显示：{values}。"
reasons.hidden.en = "The app may have no visible icon in the launcher: {values}."
reasons.shown.zh = "应用有名称，清单里有显示图标的启动入口；图标是否透明、代码能否停用入口，没有查看。"
reasons.shown.en = "The app has a name, and the manifest has an entry that shows an icon; whether the icon is transparent, or code can disable the entry, was not looked at."
reasons.no-icon-needed.zh = "清单里没有显示图标的入口；安装包是测试、输入法、磁贴、壁纸、桌面一类，或没有界面，通常不需要图标，是否如此由人判断。"
reasons.no-icon-needed.en = "The manifest has no entry with an icon; the package has no screen, or is a test, a keyboard, a tile, a wallpaper or a launcher, which usually needs none. Whether that is so is for a person to say."
reasons.not-known.zh = "没有得到应用名称或启动入口的信息。"
reasons.not-known.en = "The name or the launcher entry of the app is not known."

[words.none]
zh = "清单里没有显示图标的入口"
en = "the manifest has no entry with an icon"

[words.hidden]
zh = "代码停用启动入口"
en = "code disables the launcher entry"

[words.can-be-hidden]
zh = "代码可以停用启动入口"
en = "code can disable the launcher entry"

[[examples]]
expect = "violated"
reason = "blank-label"
artifact = [{ role = "package", label = "  " }]

[[examples]]
expect = "suspected"
reason = "hidden"
artifact = [{ role = "package", label = "Torch" }]
setting = [{ name = "launcher-icon", value = "none", scope = "app", origin = "manifest", effect = "hides" }]

[[examples]]
expect = "suspected"
reason = "hidden"
artifact = [{ role = "package", label = "Torch" }]
setting = [{ name = "launcher-icon", value = "can-be-hidden", scope = "app", origin = "code", effect = "hides" }]

[[examples]]
expect = "suspected"
reason = "hidden"
artifact = [{ role = "package", label = "Torch" }]
setting = [{ name = "launcher-icon", value = "hidden", scope = "app", origin = "code", effect = "hides" }]

[[examples]]
expect = "not-assessed"
reason = "shown"
artifact = [{ role = "package", label = "Torch" }]
setting = [{ name = "launcher-icon", value = "one", scope = "app", origin = "manifest", effect = "neutral" }]

[[examples]]
expect = "not-assessed"
reason = "no-icon-needed"
artifact = [{ role = "package", label = "Tile" }]
setting = [{ name = "launcher-icon", value = "none", scope = "app", origin = "manifest", effect = "neutral" }]

[[examples]]
expect = "not-assessed"
reason = "not-known"
artifact = [{ role = "package" }]
---*/
WITH base AS (
  SELECT app, max(label) AS label, group_concat(id) AS ids FROM artifact WHERE role IN ('package', 'base') GROUP BY app
), icon AS (
  SELECT app, count(*) AS n, max(CASE WHEN value = 'none' THEN 1 ELSE 0 END) AS missing, group_concat(id) AS ids FROM setting
  WHERE name = 'launcher-icon' GROUP BY app
), hidden_icon AS (
  SELECT app, json_group_array(value) AS shown, group_concat(id) AS ids FROM setting
  WHERE name = 'launcher-icon' AND effect = 'hides' AND value IN ('none', 'hidden', 'can-be-hidden') GROUP BY app
)
SELECT apps.app, 'app' AS subject,
  CASE WHEN base.label IS NOT NULL AND trim(base.label) = '' THEN 'violated' WHEN hidden_icon.ids IS NOT NULL THEN 'suspected'
    ELSE 'not-assessed' END AS status,
  CASE WHEN base.label IS NOT NULL AND trim(base.label) = '' THEN 'blank-label' WHEN hidden_icon.ids IS NOT NULL THEN 'hidden'
    WHEN base.label IS NULL OR icon.n IS NULL THEN 'not-known'
    WHEN icon.missing = 1 THEN 'no-icon-needed' ELSE 'shown' END AS reason_key,
  json_object('values', json(hidden_icon.shown)) AS params,
  coalesce(hidden_icon.ids, CASE WHEN icon.missing = 1 THEN icon.ids END, base.ids) AS evidence_ids
FROM apps LEFT JOIN base ON base.app = apps.app LEFT JOIN icon ON icon.app = apps.app
  LEFT JOIN hidden_icon ON hidden_icon.app = apps.app

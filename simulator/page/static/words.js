// Every word the page itself says, in Chinese and English. What people in the world write is never translated.
const WORDS = {
  skip: ["跳到团队频道", "Skip to the team's channels"],
  subtitle: ["一家装在盒子里的公司", "a company in a box"],
  teams: ["Teams", "Teams"], contrast: ["高对比", "Contrast"],
  restartHint: ["一切清零，换一家新公司", "Everything back to nothing: a new company"],
  ways: ["扫码、加好友", "Scan a code, add a rep"], scanHere: ["扫展台的码", "Scan the code on the stand"],
  backToChat: ["‹ 返回聊天", "‹ Back to the chat"], sheet: ["表单", "Form"],
  kfTitle: ["塔台销售 · 微信客服", "Tower Sales · WeCom"], webTitle: ["tower.example · 网页聊天", "tower.example · web chat"],
  repInTeams: ["Teams 里的销售", "Rep in Teams"], repInWecom: ["企业微信里的销售", "Rep in WeCom"], wecomOnly: ["只用企业微信", "WeCom only"],
  compatHint: ["像旧版客户端那样画卡片：只用后备内容", "Draw cards as an old client does: with their fallbacks"],
  twice: ["企业微信把通知发两遍（3 次）", "WeCom tells everything twice (3 times)"], disorder: ["企业微信的通知乱序（3 次）", "WeCom's calls arrive out of order (3 times)"],
  slow: ["企业微信每次慢 3 秒（5 次）", "WeCom answers 3 seconds late (5 times)"], teamsBusy: ["Teams 说太快了：429（3 次）", "Teams is busy: 429 (3 times)"],
  noAnswer: ["一条回复的回执丢了：塔台会问人，不会重发", "A reply's receipt gets lost: Tower asks a person, and never sends twice"],
  ownFault: ["自己设一个", "One of your own"], faultLeft: ["{place}：{kind}，还剩 {n} 次", "{place}: {kind}, {n} left"],
  title: ["Tower · 一家装在盒子里的公司", "Tower · a company in a box"],
  clock: ["时钟", "Clock"],
  plusHour: ["+1 小时", "+1 hour"], plusDay: ["+1 天", "+1 day"], plusMonth: ["+30 天", "+30 days"],
  run: ["让它走", "Let it run"], stop: ["停住", "Stop it"],
  pushing: ["时钟正在走向目标时刻…", "The clock is moving…"],
  faults: ["故障", "Bad days"],
  faultsHint: ["故意弄断线路，看看有没有消息丢失。", "Break the wire on purpose and watch that nothing gets lost."],
  place: ["地点", "Where"], kind: ["故障", "What"], times: ["次数", "How often"], seconds: ["秒", "Seconds"], status: ["状态码", "Status"],
  switchOn: ["打开", "Switch on"], switchOff: ["全部关闭", "All off"],
  faultSet: ["故障已打开", "Fault switched on"], faultsOff: ["故障已全部关闭", "All faults are off"],
  language: ["语言", "Language"], theme: ["外观", "Theme"], auto: ["自动", "Auto"], light: ["浅色", "Light"], dark: ["深色", "Dark"],
  phone: ["客户", "Customer"], customer: ["客户", "Customer"],
  code: ["活码", "Code"], scan: ["扫码进入", "Scan and enter"], befriend: ["加销售为好友", "Add a rep"],
  chat: ["聊天", "Chat"], message: ["消息", "Message"], send: ["发送", "Send"],
  chatEmpty: ["工业展的展台上有一个码。扫一下，写第一句话。", "There is a code on the stand at the fair. Scan it, then write the first words."],
  friend: ["好友 {name}", "contact {name}"],
  writeToCompany: ["说点什么…", "Say something…"], writeInThread: ["写在会话里…", "Write in the thread…"], writeToApp: ["写给塔台…", "Write to Tower…"], writeReply: ["回信…", "Your reply…"],
  rep: ["销售", "Rep"], view: ["视图", "View"], channels: ["频道", "Channels"], personal: ["与 Tower 私聊", "Chat with Tower"],
  compat: ["旧客户端", "Old client"], threads: ["会话列表", "Threads"], inThread: ["会话里", "in a thread"],
  threadsEmpty: ["还没有会话。客户一开口，这里就会出现一条。", "No thread yet. One appears as soon as a customer speaks."],
  channelEmpty: ["这个频道还没有会话", "No thread in this channel yet"],
  personalEmpty: ["还没有私聊消息。写 help 试试。", "Nothing here yet. Try writing help."],
  note: ["内部备注", "Internal note"], reply: ["@Tower 回复客户", "@Tower reply to the customer"], command: ["@Tower 命令", "@Tower command"],
  sendAs: ["发送方式", "Send as"], newThread: ["新建帖子", "New post"], editedMark: ["已编辑", "edited"], deletedMark: ["此消息已删除", "This message was deleted"],
  more: ["更多", "More"], required: ["请先填写此项", "Please fill this in first"], picture: ["图片", "Picture"],
  hubSaid: ["塔台回答 {n}", "The hub answered {n}"], notHeard: ["Tower 没有收到这条消息", "Tower did not get this message"],
  desk: ["企业微信", "WeCom"], notices: ["应用消息", "Notices"], toApp: ["发给应用的消息", "Message to the app"],
  openSidebar: ["看客户", "Open customer"], openSidebarHint: ["在侧边栏打开手机上这位客户的页面", "Open the page about the customer on the phone in the sidebar"],
  noticesEmpty: ["只用企业微信的同事在这里收卡片、认领、回复。点“看客户”打开侧边栏。", "Reps who live in WeCom get their cards here. “Customer” opens the sidebar."],
  sidebar: ["侧边栏", "Sidebar"], close: ["关闭", "Close"], open: ["打开", "Open"],
  mailbox: ["邮箱", "Mailbox"], owner: ["主人", "Owner"], letters: ["邮件", "Letters"],
  lettersEmpty: ["邮箱是空的。客户安静几天后，唤醒邮件会到这里。", "The mailbox is empty. When she goes quiet, one wake-up mail arrives here."],
  from: ["发件人", "From"], answer: ["回信", "Reply"], writeAnswer: ["回信内容", "Your reply"], autoAnswer: ["自动回复", "Auto-reply"],
  unsubscribe: ["一键退订", "One-click unsubscribe"], moreMail: ["更多", "More"], bounceHard: ["退信（5.1.1）", "Bounce (5.1.1)"], bounceSoft: ["延迟（4.2.2）", "Delay (4.2.2)"],
  complain: ["举报垃圾邮件", "Report as spam"], scanLinks: ["安全扫描所有链接", "Scanner opens every link"], forged: ["冒名回信", "Forged reply"],
  autoText: ["我在休假，下周回来。", "I am on holiday until next week."],
  sent: ["已发出", "Sent"], clickLink: ["点击", "Click"], answered: ["回答 {n}", "Answered {n}"], outside: ["这个地址在模拟世界之外，没有访问", "That address lies outside this world; it was not asked"],
  drawer: ["发生了什么，为什么", "What happened, and why"],
  story: ["故事", "The story"], storyPlay: ["播放故事", "Play the story"], storyGoOn: ["继续", "Go on"], storyPause: ["暂停", "Pause"], storyStep: ["走一步", "One step"],
  speed: ["速度", "Speed"], slow: ["慢", "Slow"], normal: ["正常", "Normal"], fast: ["快", "Fast"], restart: ["重新开始", "Start again"], progress: ["步骤", "Steps"],
  storyReady: ["点“播放故事”：一位客户的完整经历，约一分钟。也可以自己动手，扮演任何人。", "Press play for a customer's whole story, about a minute. Or play anybody here yourself."],
  storyOver: ["故事讲完了。这家公司还在运行：接下来换你来演。", "That was the story. The company is still running: now it is your turn."],
  storyHalted: ["故事停住了：{why}。点“重新开始”再来一次。", "The story stopped: {why}. Start again for another try."],
  storyOnly: ["只看每一步的意义", "Only what each step meant"],
  restarting: ["正在开一家新公司…", "A new company is being founded…"],
  stepOf: ["第 {n} / {of} 步", "Step {n} of {of}"], seenNow: ["现在看得到", "Now to be seen"],
  through: ["渠道", "Through"], kf: ["手机 · 微信客服", "Phone · WeCom"], webchat: ["网页聊天", "Web chat"], webEmpty: ["还没有消息。写第一句话，网页聊天就开始了。", "Nothing yet. The web chat begins with the first words."],
  said: ["说出", "said"], delivered: ["送达", "delivered"], onTheWay: ["在路上", "on the way"], lost: ["丢失", "lost"], doubled: ["重复", "doubled"], wakeups: ["唤醒邮件", "wake-ups"],
  failed: ["没有成功", "That did not work"], unreachable: ["模拟世界没有回应", "The simulated world does not answer"],
  linkLost: ["与模拟世界的连接断了，正在重连…", "The link to the world is broken; reconnecting…"],
};
const KINDS = {
  said: ["说", "said"], noted: ["备注", "noted"], shown: ["看到", "was shown"], card: ["发出卡片", "card posted"], card_updated: ["更新卡片", "card updated"],
  refused: ["平台拒绝", "refused by the platform"], callback: ["通知塔台", "told the hub"], clicked: ["点击", "clicked"], refreshed: ["刷新卡片", "card refreshed"],
  mail_arrived: ["邮件到达", "mail arrived"], mail_sent: ["邮件发往塔台", "mail sent to the hub"], mail_refused: ["邮件被拒", "mail refused"], mail_delayed: ["邮件稍后重试", "mail delayed"],
  bounced: ["退信", "bounced"], complained: ["举报", "complained"], unsubscribed: ["退订", "unsubscribed"], scanned: ["扫描链接", "links scanned"], prefetched: ["预取图片", "pictures prefetched"],
  form_sent: ["提交表单", "form sent"], wecom_notice: ["应用消息", "notice to a rep"], token_issued: ["发放令牌", "token issued"], entered: ["进入会话", "entered the chat"],
  pressed: ["按下按钮", "pressed a button"], opened: ["打开页面", "opened a page"], kf_event: ["客服事件", "kf event"], callback_answered: ["塔台被动回复", "the hub replied"], callback_dropped: ["通知作废", "callback dropped"],
  notice_dropped: ["应用消息被丢弃", "notice dropped"], servicer_said: ["接待人员说", "servicer said"], told: ["私聊告知", "told in chat"], signalled: ["正在输入", "typing"], searched: ["搜索", "searched"], dialog: ["对话框", "dialog"], visited: ["来访", "visited"],
  delay: ["延迟", "delay"], drop: ["断线", "connection dropped"], lose_answer: ["回答丢失", "answer lost"], duplicate: ["重复", "duplicated"], reorder: ["乱序", "reordered"], throttle: ["限流", "throttled"], error: ["报错", "error"],
  channel_created: ["新建频道", "channel created"], channel_deleted: ["删除频道", "channel deleted"], keys_read: ["读取公钥", "keys read"], signed_in: ["登录", "signed in"], media_sent: ["发送媒体", "media sent"],
  mail_taken: ["邮件已取走", "mail collected"], subscribed: ["订阅变更", "subscribed to changes"], notified: ["通知变更", "told of a change"], installed: ["安装应用", "app installed"], edited: ["编辑", "edited"], deleted: ["删除", "deleted"], step: ["故事", "story"], halted: ["故事停住", "story halted"], pushed: ["拨动时钟", "clock pushed"],
};
const VERBS = {
  claim: ["认领", "claim"], reply: ["回复", "reply"], why: ["为什么", "why"], note: ["备注", "note"], refresh: ["刷新", "refresh"], snooze: ["稍后", "snooze"], form: ["请她留邮箱", "ask for her mail"], close: ["关闭", "close"],
  wake_now: ["现在发送", "send now"], wake_hold: ["先别发", "hold"], wake_mine: ["我自己写", "write myself"], settle_arrived: ["已送达", "it arrived"], settle_again: ["再发一次", "send again"],
};
const PLACES = { teams: ["Teams", "Teams"], wecom: ["企业微信", "WeCom"], mail: ["邮件", "Mail"], webchat: ["网页聊天", "Web chat"], graph: ["Graph", "Graph"], clock: ["时钟", "Clock"], fault: ["故障", "Fault"], story: ["故事", "Story"], phone: ["手机", "Phone"], desk: ["企业微信", "WeCom"], entra: ["Entra", "Entra"] };

let column = 1;

export const language = () => (column ? "en" : "zh");
const locale = () => (column ? "en-GB" : "zh-CN");

export function useLanguage(code) {
  column = code === "zh" ? 0 : 1;
  document.documentElement.lang = column ? "en" : "zh-CN";
  document.title = t("title");
  for (const node of document.querySelectorAll("[data-word]")) node.textContent = t(node.dataset.word);
  for (const node of document.querySelectorAll("[data-word-label]")) node.setAttribute("aria-label", t(node.dataset.wordLabel));
  for (const node of document.querySelectorAll("[data-word-hint]")) node.placeholder = t(node.dataset.wordHint);
  for (const node of document.querySelectorAll("[data-word-title]")) node.title = t(node.dataset.wordTitle);
}

export const t = (key, values = {}) => WORDS[key][column].replace(/\{(\w+)\}/g, (_, name) => values[name]);
export const verbWord = (verb) => VERBS[verb]?.[column] ?? verb;
export const kindWord = (kind) => KINDS[kind]?.[column] ?? kind;
export const placeWord = (place) => PLACES[place]?.[column] ?? place;

/** The company and its customers live in China: office hours, sending windows and this page go by one clock. */
const timeZone = "Asia/Shanghai";
const dayOf = (at) => at.toLocaleDateString("en-CA", { timeZone });

/** A moment in the visitor's language: date and minute, or with `short` the time alone when it is today in the world. */
export function moment(iso, now) {
  const at = new Date(iso);
  const day = { month: "short", day: "numeric" };
  const minute = { hour: "2-digit", minute: "2-digit", hourCycle: "h23" };
  const today = now && dayOf(new Date(now)) === dayOf(at);
  return at.toLocaleString(locale(), { timeZone, ...(today ? minute : { ...day, ...minute }) });
}

export function fullMoment(iso) {
  return new Date(iso).toLocaleString(locale(), {
    weekday: "short", year: "numeric", month: "short", day: "numeric", hour: "2-digit", minute: "2-digit", hourCycle: "h23", timeZone, timeZoneName: "short" });
}

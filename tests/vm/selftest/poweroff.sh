echo "switching the machine off behind the harness's back"
systemctl poweroff --force --force
sleep 1000
